"""Controllers: classes whose methods answer URLs."""
