"""The resolution solver: constraint rows of all files to what sites mean."""
