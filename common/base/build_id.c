/* build_id.c - the linker's hash of the program (--build-id) is a note that is loaded into memory
 * with it; the note is found through the program headers. */
#include "base/build_id.h"

#include "base/digest.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <string.h>

enum { BUILD_ID_MAX_BYTES = 64, RANDOM_BYTES = 20 };

static char bytes[BUILD_ID_MAX_BYTES];
static size_t length;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t padded(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

/* Looks through a block of notes; true when the build id was among them. */
static bool find_note(const char *notes, size_t size, size_t alignment)
{
    size_t at = 0;

    while (size - at >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;

        memcpy(&head, notes + at, sizeof(head));
        const size_t name = at + sizeof(head);
        const size_t id = name + padded(head.n_namesz, alignment);
        const size_t next = id + padded(head.n_descsz, alignment);
        if (next > size) {
            return false;
        }
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == sizeof(ELF_NOTE_GNU) &&
            memcmp(notes + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 &&
            head.n_descsz <= BUILD_ID_MAX_BYTES) {
            memcpy(bytes, notes + id, head.n_descsz);
            length = head.n_descsz;
            return true;
        }
        at = next;
    }
    return false;
}

/* The main program is the first object that is told; returning 1 ends the iteration there. */
static int on_object(struct dl_phdr_info *object, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        const size_t alignment = header->p_align >= 8 ? 8 : 4;

        if (header->p_type == PT_NOTE &&
            find_note((const char *)(object->dlpi_addr + header->p_vaddr), header->p_memsz,
                      alignment)) {
            break;
        }
    }
    return 1;
}

static void read_once(void)
{
    (void)dl_iterate_phdr(on_object, NULL);
    if (length == 0) {
        length = RANDOM_BYTES;
        random_bytes((uint8_t *)bytes, length);
    }
}

struct slice build_id(void)
{
    (void)pthread_once(&once, read_once);
    return (struct slice){bytes, length};
}
