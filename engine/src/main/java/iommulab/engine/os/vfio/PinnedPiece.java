package iommulab.engine.os.vfio;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.AddressSpace;
import iommulab.engine.os.process.LockedPages;

import java.util.ArrayList;
import java.util.List;

/// Memory of a process that was pinned and lies in one in RAM.
///
/// @param offset of its first byte in the mapping
/// @param hpa of its first byte
/// @param bytes multiple of 4096
record PinnedPiece(long offset, long hpa, long bytes) {
    private static final long PAGE = 4096;

    /// Pins a range of addresses, page after page.
    ///
    /// @param va multiple of 4096
    /// @throws CallFailed (EFAULT) no memory there, or it is wanted for writing and is read-only; (ENOMEM)
    ///     the limit comes first
    static List<PinnedPiece> pin(
            AddressSpace memory, long va, long bytes, boolean write, LockedPages.Bill bill)
            throws CallFailed {
        var pieces = new ArrayList<PinnedPiece>();
        long done = 0;
        while (done < bytes) {
            var area = memory.at(va + done);
            if (area.isEmpty() || write && !area.get().writable()) {
                bill.charge(done / PAGE);
                throw new CallFailed(
                        "EFAULT",
                        area.isEmpty()
                                ? "There is no memory at 0x%x of %s.".formatted(va + done, memory)
                                : "The memory at 0x%x (%s) is read-only: no device may write it."
                                        .formatted(va + done, area.get().buffer()));
            }
            long inArea = va + done - area.get().va();
            long part = Math.min(bytes - done, area.get().bytes() - inArea);
            pieces.add(new PinnedPiece(done, area.get().hpa() + inArea, part));
            done += part;
        }
        bill.charge(bytes / PAGE);
        return List.copyOf(pieces);
    }
}
