"""What a search means: graded answers, reasons, comparisons, the lost path, what if. Runs and draws nothing."""
