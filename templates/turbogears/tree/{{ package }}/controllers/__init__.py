"""Controllers: classes whose exposed methods handle URLs."""
