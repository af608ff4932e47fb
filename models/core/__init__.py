"""What all rooms share: tokens, traces, settings, answers in numbers. numpy only."""
