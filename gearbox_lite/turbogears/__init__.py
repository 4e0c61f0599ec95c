"""What is known of TurboGears applications: their controllers and their websetup."""
