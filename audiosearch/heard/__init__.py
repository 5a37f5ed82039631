"""What is heard in a sound: AudioSet's classes, as YAMNet knows them."""
