"""Models on a server that speaks OpenAI's protocol, vLLM above all: reached over HTTP, used as any other engine."""
