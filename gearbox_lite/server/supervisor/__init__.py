"""The parent process: starts, reloads, restarts and stops workers."""
