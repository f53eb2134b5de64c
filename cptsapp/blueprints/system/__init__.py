"""The health of the installation, for whoever runs it: backups, jobs, mail, disk, errors, versions, exports."""
