# A file layer that fails: preloaded into a core's processes, it stands between them and the C library for the files of
# a journal alone. A page that the torture maps says what the disk does now; a folder holds what has reached it.
