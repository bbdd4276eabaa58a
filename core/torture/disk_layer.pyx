# cython: language_level=3
"""A disk that fails as it is told: see disk_layer.pxd. LD_PRELOAD this module; $NACRE_DISK is its page, a file.

    page:  full u32 | read_only u32 | broken u32 | slow_ms u32 | syncs u64 | refused u64

full, read_only: no new segment (ENOSPC, EROFS). broken: fdatasync gives EIO. slow_ms: so long a sync takes. What a sync
that succeeded covers is copied to the folder $NACRE_DISK_KEPT, first beside it: there a machine's death finds it.
"""

cdef extern from *:
    """
    #ifndef NACRE_DISK_LAYER_H
    #define NACRE_DISK_LAYER_H
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdarg.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <sys/stat.h>
    #include <time.h>
    #include <unistd.h>
    #define NACRE_SHOWN __attribute__((visibility("default")))
    #ifndef RTLD_NEXT
    #define RTLD_NEXT ((void*)-1l)
    #endif

    typedef struct { uint32_t full, read_only, broken, slow_ms; uint64_t syncs, refused; } nacre_disk;

    static nacre_disk* nacre_disk_page(void) {
        static nacre_disk* page;
        static int (*real_open)(const char*, int, ...);
        const char* path = getenv("NACRE_DISK");
        if (page || !path) return page;
        real_open = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, "open");
        int fd = real_open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) return 0;
        void* found = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        page = found == MAP_FAILED ? 0 : (nacre_disk*)found;
        return page;
    }
    static int nacre_is_segment(const char* path) {
        size_t n = strlen(path);
        return n > 6 && strcmp(path + n - 6, ".nacre") == 0;
    }
    static int nacre_segment_of(int fd, char* path, size_t size) {
        char link[64];
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, path, size - 1);
        if (n < 0) return 0;
        path[n] = 0;
        return nacre_is_segment(path);
    }
    static int nacre_refuse(uint32_t on, int error) {
        if (on) __atomic_fetch_add(&nacre_disk_page()->refused, 1, __ATOMIC_RELAXED);
        return on ? error : 0;
    }
    /* The file as it is now, beside its place among what is kept; its name there in `to`, "" where nothing is kept. */
    static void nacre_copy_aside(int fd, const char* path, char* to, size_t size) {
        const char* kept = getenv("NACRE_DISK_KEPT");
        const char* name = strrchr(path, '/');
        char fresh[4200];
        struct stat what;
        to[0] = 0;
        if (!kept || !name || fstat(fd, &what) != 0 || !what.st_size) return;
        void* from = mmap(0, (size_t)what.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (from == MAP_FAILED) return;
        snprintf(to, size, "%s%s", kept, name);
        snprintf(fresh, sizeof(fresh), "%s.new", to);
        FILE* out = fopen(fresh, "w");
        if (!out || fwrite(from, 1, (size_t)what.st_size, out) != (size_t)what.st_size) to[0] = 0;
        if (out) fclose(out);
        munmap(from, (size_t)what.st_size);
    }
    NACRE_SHOWN int fdatasync(int fd) {
        static int (*real)(int);
        nacre_disk* page = nacre_disk_page();
        char path[4096], to[4100], fresh[4200];
        int result;
        if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
        if (!page || !nacre_segment_of(fd, path, sizeof(path))) return real(fd);
        if (nacre_refuse(page->broken, 1)) { errno = EIO; return -1; }
        if (page->slow_ms) {
            struct timespec nap = { page->slow_ms / 1000, (long)(page->slow_ms % 1000) * 1000000 };
            nanosleep(&nap, 0);
        }
        nacre_copy_aside(fd, path, to, sizeof(to));
        result = real(fd);
        if (result == 0 && to[0]) {
            snprintf(fresh, sizeof(fresh), "%s.new", to);
            rename(fresh, to);
        }
        __atomic_fetch_add(&page->syncs, 1, __ATOMIC_RELAXED);
        return result;
    }
    static int nacre_fallocate(const char* name, int fd, off_t at, off_t length) {
        int (*real)(int, off_t, off_t) = (int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, name);
        nacre_disk* page = nacre_disk_page();
        char path[4096];
        if (page && nacre_segment_of(fd, path, sizeof(path)) && nacre_refuse(page->full, 1)) return ENOSPC;
        return real(fd, at, length);
    }
    static int nacre_open(const char* name, const char* path, int flags, mode_t mode) {
        int (*real)(const char*, int, ...) = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, name);
        nacre_disk* page = flags & O_CREAT ? nacre_disk_page() : 0;
        if (page && nacre_is_segment(path) && nacre_refuse(page->read_only, 1)) { errno = EROFS; return -1; }
        return real(path, flags, mode);
    }
    #undef posix_fallocate
    #undef posix_fallocate64
    #undef open
    #undef open64
    NACRE_SHOWN int nacre_l_fallocate(int fd, off_t at, off_t length) __asm__("posix_fallocate");
    NACRE_SHOWN int nacre_l_fallocate64(int fd, off_t at, off_t length) __asm__("posix_fallocate64");
    NACRE_SHOWN int nacre_l_open(const char* path, int flags, ...) __asm__("open");
    NACRE_SHOWN int nacre_l_open64(const char* path, int flags, ...) __asm__("open64");
    int nacre_l_fallocate(int fd, off_t at, off_t length) { return nacre_fallocate("posix_fallocate", fd, at, length); }
    int nacre_l_fallocate64(int fd, off_t at, off_t length) {
        return nacre_fallocate("posix_fallocate64", fd, at, length);
    }
    static mode_t nacre_mode_of(int flags, va_list more) {
        return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    }
    int nacre_l_open(const char* path, int flags, ...) {
        va_list more;
        va_start(more, flags);
        mode_t mode = nacre_mode_of(flags, more);
        va_end(more);
        return nacre_open("open", path, flags, mode);
    }
    int nacre_l_open64(const char* path, int flags, ...) {
        va_list more;
        va_start(more, flags);
        mode_t mode = nacre_mode_of(flags, more);
        va_end(more);
        return nacre_open("open64", path, flags, mode);
    }
    #endif
    """
    pass


def library() -> str:
    """What LD_PRELOAD is set to."""
    return __file__
