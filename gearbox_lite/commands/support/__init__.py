"""What commands share: parameters, help, next steps, the progress bar, the root warning, and the server to reload."""
