"""The lesson: a guided tour in eight searches and an exercise. What is said and searched; knows nothing about pages."""
