"""The register of trainees' placements: how many, with whom, at which level. The name of a trainee is never kept."""
