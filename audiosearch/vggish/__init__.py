"""VGGish, after Hershey et al., "CNN Architectures for Large-Scale Audio Classification" (2017)."""
