package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.AddressSpace;

/// Where pinned pages come from.
sealed interface PageSource {
    /// hpa of the byte at an offset from the first byte that was asked for.
    ///
    /// @param write whether a device will write there
    /// @throws CallFailed (EFAULT) if there is no such memory, or it may not be written
    long hpa(long offset, boolean write) throws CallFailed;

    /// Bytes from an offset on that lie behind each other in RAM.
    long stretch(long offset);

    /// Memory of a process.
    ///
    /// @param va first address
    record Memory(AddressSpace space, long va) implements PageSource {
        @Override
        public long hpa(long offset, boolean write) throws CallFailed {
            long at = va + offset;
            var area = space.at(at);
            if (area.isEmpty()) {
                throw new CallFailed(
                        "EFAULT", "There is no memory at 0x%x of the process.".formatted(at));
            }
            if (write && !area.get().writable()) {
                throw new CallFailed(
                        "EFAULT",
                        "The memory at 0x%x (%s) cannot be written: a device may not either."
                                .formatted(at, area.get().buffer()));
            }
            return area.get().hpa() + (at - area.get().va());
        }

        @Override
        public long stretch(long offset) {
            long at = va + offset;
            return space.at(at).map(area -> area.va() + area.bytes() - at).orElse(0L);
        }

        @Override
        public String toString() {
            return "0x%x of %s".formatted(va, space);
        }
    }

    /// Memory of a file.
    ///
    /// @param start offset in the file
    /// @param hpa of the file's first byte
    /// @param bytes of the file
    record File(String name, long start, long hpa, long bytes) implements PageSource {
        @Override
        public long hpa(long offset, boolean write) throws CallFailed {
            long at = start + offset;
            if (Long.compareUnsigned(at, bytes) >= 0) {
                throw new CallFailed(
                        "EFAULT", "File %s has only 0x%x bytes.".formatted(name, bytes));
            }
            return hpa + at;
        }

        @Override
        public long stretch(long offset) {
            return Math.max(0, bytes - start - offset);
        }

        @Override
        public String toString() {
            return "%s+0x%x".formatted(name, start);
        }
    }
}
