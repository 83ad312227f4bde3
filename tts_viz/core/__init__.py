"""The data model of one search: events, the tree built from them, a strategy's operations, costs. Standard library only."""
