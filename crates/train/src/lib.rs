//! The training run: recipe, optimizer groups, schedules, loop, checkpoints, events.
