"""The laboratory: sweeps over many searches, and what can be computed from them afterwards. Knows nothing about pages."""
