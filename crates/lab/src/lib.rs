//! Experiments on top of training runs: compare, statistics, shapes, report.
