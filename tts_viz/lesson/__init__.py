"""The lesson: a guided tour in eight searches and an exercise. Texts and searches; knows nothing about pages."""
