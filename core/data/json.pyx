# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A strict reader of JSON: see json.pxd. The grammar is RFC 8259's, nested 64 deep at most."""
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, strlen

cdef enum:
    DEEP = 64
    # what may come next
    VALUE = 0
    FIRST = 1                       # a value, or the end of an empty array
    KEY = 2                         # a key, or the end of an empty object
    NEXT_KEY = 3                    # a key
    COLON = 4
    AFTER = 5                       # a comma, or the end


cdef class Json:
    """Tokens of the last text parsed; they point into it."""

    def __cinit__(self):
        self.room = 4096
        self.tokens = <Token*>malloc(self.room * sizeof(Token))
        if self.tokens == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.tokens)

    cdef bint _more(self) except -1:
        cdef Token* grown = <Token*>realloc(self.tokens, 2 * self.room * sizeof(Token))
        if grown == NULL:
            raise MemoryError
        self.tokens = grown
        self.room *= 2
        return 1

    cdef bint parse(self, const char* text, Py_ssize_t size) except -1:
        """Whether the text is one JSON value and nothing else; where not, `bad_at` says where it ends to be."""
        cdef uint32_t open_at[DEEP]
        cdef int depth = 0
        cdef int state = VALUE
        cdef Py_ssize_t i = 0
        cdef Py_ssize_t end
        cdef char c
        cdef Token* token
        self.text = text
        self.size = size
        self.count = 0
        while True:
            while i < size and (text[i] == b" " or text[i] == b"\t" or text[i] == b"\r" or text[i] == b"\n"):
                i += 1
            self.bad_at = i
            if i == size:
                return depth == 0 and state == AFTER
            c = text[i]
            if state == AFTER:
                if depth == 0:
                    return 0
                token = &self.tokens[open_at[depth - 1]]
                if c == b",":
                    state = NEXT_KEY if token.kind == b"{" else VALUE
                elif (c == b"}" and token.kind == b"{") or (c == b"]" and token.kind == b"["):
                    token.next = self.count
                    depth -= 1
                else:
                    return 0
                i += 1
                continue
            if state == COLON:
                if c != b":":
                    return 0
                state = VALUE
                i += 1
                continue
            if (c == b"}" and state == KEY) or (c == b"]" and state == FIRST):
                depth -= 1
                self.tokens[open_at[depth]].next = self.count
                state = AFTER
                i += 1
                continue
            if self.count == self.room:
                self._more()
            token = &self.tokens[self.count]
            token.escaped = 0
            token.kind = <uint8_t>c
            if c == b'"':
                end = self._string(i + 1, &token.escaped)
                if end < 0:
                    return 0
                token.start = <uint32_t>(i + 1)
                token.size = <uint32_t>(end - i - 1)
                i = end + 1
                state = COLON if state == KEY or state == NEXT_KEY else AFTER
            elif state == KEY or state == NEXT_KEY:
                return 0
            elif c == b"{" or c == b"[":
                if depth == DEEP:
                    return 0
                token.start = <uint32_t>i
                token.size = 0
                open_at[depth] = self.count
                depth += 1
                state = KEY if c == b"{" else FIRST
                i += 1
            else:
                end = self._word(i) if c == b"t" or c == b"f" or c == b"n" else self._number(i)
                if end < 0:
                    return 0
                if c == b"-" or 48 <= c <= 57:
                    token.kind = b"0"
                token.start = <uint32_t>i
                token.size = <uint32_t>(end - i)
                i = end
                state = AFTER
            self.count += 1
            token.next = self.count

    cdef Py_ssize_t _string(self, Py_ssize_t i, uint8_t* escaped) noexcept nogil:
        """The place of the closing quotation mark of the string that begins at i, or -1."""
        cdef const char* text = self.text
        cdef unsigned char c
        cdef int k
        while i < self.size:
            c = <unsigned char>text[i]
            if c == b'"':
                return i
            if c < 32:
                break
            if c == b"\\":
                escaped[0] = 1
                i += 1
                if i == self.size:
                    break
                c = <unsigned char>text[i]
                if c == b"u":
                    for k in range(4):
                        i += 1
                        if i >= self.size or not _is_hex(text[i]):
                            self.bad_at = i
                            return -1
                elif c not in (b'"', b"\\", b"/", b"b", b"f", b"n", b"r", b"t"):
                    break
                i += 1
            elif c < 128:
                i += 1
            else:
                i = self._utf8(i)
                if i < 0:
                    return -1
        self.bad_at = i
        return -1

    cdef Py_ssize_t _utf8(self, Py_ssize_t i) noexcept nogil:
        """The place after the character of more than one byte at i, or -1."""
        cdef const unsigned char* p = <const unsigned char*>self.text + i
        cdef Py_ssize_t left = self.size - i
        cdef int more = 0
        cdef int k
        self.bad_at = i
        if 0xC2 <= p[0] <= 0xDF:
            more = 1
        elif 0xE0 <= p[0] <= 0xEF:
            more = 2
        elif 0xF0 <= p[0] <= 0xF4:
            more = 3
        if more == 0 or left <= more:
            return -1
        for k in range(1, more + 1):
            if p[k] & 0xC0 != 0x80:
                return -1
        if (p[0] == 0xE0 and p[1] < 0xA0) or (p[0] == 0xED and p[1] > 0x9F):
            return -1
        if (p[0] == 0xF0 and p[1] < 0x90) or (p[0] == 0xF4 and p[1] > 0x8F):
            return -1
        return i + more + 1

    cdef Py_ssize_t _number(self, Py_ssize_t i) noexcept nogil:
        """The place after the number at i, or -1."""
        cdef const char* text = self.text
        if i < self.size and text[i] == b"-":
            i += 1
        if i < self.size and text[i] == b"0":
            i += 1
        else:
            i = self._digits(i)
        if i > 0 and i < self.size and text[i] == b".":
            i = self._digits(i + 1)
        if i > 0 and i < self.size and (text[i] == b"e" or text[i] == b"E"):
            i += 1
            if i < self.size and (text[i] == b"+" or text[i] == b"-"):
                i += 1
            i = self._digits(i)
        return i

    cdef Py_ssize_t _digits(self, Py_ssize_t i) noexcept nogil:
        cdef Py_ssize_t first = i
        while i < self.size and 48 <= self.text[i] <= 57:
            i += 1
        return i if i > first else -1

    cdef Py_ssize_t _word(self, Py_ssize_t i) noexcept nogil:
        """The place after true, false or null, or -1."""
        cdef const char* word = b"true" if self.text[i] == b"t" else b"false" if self.text[i] == b"f" else b"null"
        cdef Py_ssize_t n = <Py_ssize_t>strlen(word)
        return i + n if self.size - i >= n and memcmp(self.text + i, word, <size_t>n) == 0 else -1

    cdef uint32_t find(self, uint32_t at, const char* key) noexcept nogil:
        """The token of the value under the key of the object at `at`; 0 (never a value's place): there is none."""
        cdef size_t n = strlen(key)
        cdef uint32_t i = at + 1
        cdef uint32_t end
        if at >= self.count or self.tokens[at].kind != b"{":
            return 0
        end = self.tokens[at].next
        while i < end:
            if self.tokens[i].size == n and memcmp(self.text + self.tokens[i].start, key, n) == 0:
                return i + 1
            i = self.tokens[i + 1].next
        return 0

    cdef const char* string(self, uint32_t at, Py_ssize_t* n) noexcept nogil:
        """The text of the string at `at`; NULL where there is none there, or one with escapes."""
        if at == 0 or self.tokens[at].kind != b'"' or self.tokens[at].escaped:
            return NULL
        n[0] = self.tokens[at].size
        return self.text + self.tokens[at].start

    cdef bint equal(self, uint32_t at, const char* word) noexcept nogil:
        """Whether the string at `at` is the word."""
        cdef Py_ssize_t n = 0
        cdef const char* found = self.string(at, &n)
        return found != NULL and n == <Py_ssize_t>strlen(word) and memcmp(found, word, <size_t>n) == 0


cdef bint _is_hex(char c) noexcept nogil:
    return 48 <= c <= 57 or 65 <= c <= 70 or 97 <= c <= 102


def is_json(bytes text):
    """Whether the bytes are one JSON text by the strict grammar."""
    return bool(Json().parse(text, len(text)))
