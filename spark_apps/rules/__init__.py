"""The exchanges' rules: calendar, phases, ticks, lots, bands and instruments, as dated rows and plain functions."""
