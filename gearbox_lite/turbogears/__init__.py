"""What is specific to TurboGears applications: their configuration, controllers and websetup."""
