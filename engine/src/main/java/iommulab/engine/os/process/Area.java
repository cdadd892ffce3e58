package iommulab.engine.os.process;

/// A range of a process's addresses behind which there is memory. Source: kernel `struct vm_area_struct`.
///
/// @param va first address, multiple of 4096
/// @param bytes multiple of 4096
/// @param hpa of its first byte; the rest follows
/// @param buffer name of the memory
/// @param offset of the first byte in the memory of that name
/// @param shared whether it is a file's
public record Area(
        long va,
        long bytes,
        long hpa,
        String buffer,
        long offset,
        boolean writable,
        boolean shared) {
    long end() {
        return va + bytes;
    }

    /// The part from `from` up to `to`.
    Area part(long from, long to) {
        return new Area(
                from, to - from, hpa + (from - va), buffer, offset + (from - va), writable, shared);
    }
}
