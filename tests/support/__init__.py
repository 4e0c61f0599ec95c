"""What tests of several subjects share: real servers, projects, browsers and commands."""
