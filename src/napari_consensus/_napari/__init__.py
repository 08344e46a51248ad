"""The napari plugin: docks, layers, readers and a writer over the library."""
