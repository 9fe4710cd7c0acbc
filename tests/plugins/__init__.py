"""Our own plug-ins, installed beside the package."""
