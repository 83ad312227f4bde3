"""Models on a server that speaks OpenAI's protocol, above all vLLM: reached over HTTP and used like any other engine."""
