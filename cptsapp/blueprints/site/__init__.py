"""What belongs to the whole site: search over everything, addresses for robots and monitors, « voir comme »."""
