"""What a model's textures take of the GPU, by format."""
