"""What `make bench` runs: each figure beside a floor measured in the same run, because machines differ."""
