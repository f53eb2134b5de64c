"""What people are gathered for: webinaires, meetings, trainings… from the announcement to the certificate."""
