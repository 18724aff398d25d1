"""The transformer: its shape, what it is fed, its forms (torch, ONNX), how it is judged."""
