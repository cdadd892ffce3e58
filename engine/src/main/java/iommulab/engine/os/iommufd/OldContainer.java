package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.Process;

import java.util.Optional;

/// One address space of an IOMMUFD as users of VFIO's old interface see it: as a container. Source: kernel
/// `drivers/iommu/iommufd/vfio_compat.c`.
public final class OldContainer {
    private static final long PAGE = 4096;

    private final Iommufd file;

    public OldContainer(Iommufd file) {
        this.file = file;
    }

    /// The address space that stands for a container.
    ///
    /// @throws CallFailed (ENODEV) there is none
    public IoAddressSpace space() throws CallFailed {
        int id = file.compatIoas().get();
        if (id == 0) {
            throw new CallFailed(
                    "ENODEV", "No address space of %s stands for a container yet.".formatted(file));
        }
        return file.require(id, IoAddressSpace.class);
    }

    /// A group is about to use it: the address space is made if there is none. It is the user's then, like
    /// any other.
    public void require() {
        if (file.compatIoas().get() == 0) {
            file.compatIoas().set(new IoAddressSpace(file).id());
        }
    }

    /// Whether every table forces snooping.
    public boolean forcesSnooping() throws CallFailed {
        return space().tables().stream().allMatch(PagingTable::forcesSnooping);
    }

    /// How many ranges can be mapped.
    public int freeRanges() throws CallFailed {
        return space().free().usable().size();
    }

    /// Chooses the version of the interface. The first one can cut mappings, so it does without large
    /// pages.
    ///
    /// @throws CallFailed (ENODEV), or as [IoAddressSpace#setHugePages]
    public void choose(boolean second) throws CallFailed {
        var space = space();
        if (!second) {
            space.setHugePages(false);
        }
    }

    /// @param locked where its pages are billed
    /// @throws CallFailed (ENODEV), or as [IoAddressSpace#map]
    public void map(
            LockedPages locked,
            Process process,
            long iova,
            long va,
            long bytes,
            Permissions permissions)
            throws CallFailed {
        var space = space();
        if (permissions == Permissions.NONE) {
            throw new CallFailed("EINVAL", "A mapping is for reading, writing or both.");
        }
        if (bytes != 0 && Long.compareUnsigned(va + bytes - 1, va) < 0) {
            throw new CallFailed(
                    "EOVERFLOW", "0x%x bytes of memory at 0x%x wrap.".formatted(bytes, va));
        }
        var payer = file.billsProcess().get() ? LockedPages.Payer.PROCESS : LockedPages.Payer.USER;
        var pages =
                new SharedPages(
                        file.ledger(),
                        new PageSource.Memory(process.memory(), va),
                        va & PAGE - 1,
                        bytes,
                        permissions.write(),
                        locked.bill(process, payer));
        space.map(Optional.of(iova), pages, 0, bytes, va & PAGE - 1, va, permissions);
    }

    /// @return bytes that were mapped, 0 if nothing was
    /// @throws CallFailed (ENODEV), (EINVAL) no bytes, (EOVERFLOW) the range wraps, (ENOENT) it cuts a
    ///     mapping that cannot be cut
    public long unmap(long iova, long bytes) throws CallFailed {
        var space = space();
        if (bytes == 0) {
            throw new CallFailed("EINVAL", "Nothing to unmap: 0 bytes.");
        }
        long last = iova + bytes - 1;
        if (Long.compareUnsigned(last, iova) < 0) {
            throw new CallFailed("EOVERFLOW", "0x%x bytes at 0x%x wrap.".formatted(bytes, iova));
        }
        if (!space.hugePages()) {
            cutBehind(space, last);
            if (iova != 0) {
                cutBehind(space, iova - 1);
            }
        }
        return space.unmap(new IovaRange(iova, last));
    }

    private static void cutBehind(IoAddressSpace space, long last) throws CallFailed {
        var area = space.firstIn(new IovaRange(last, last));
        if (area.isEmpty() || area.get().last() == last) {
            return;
        }
        if ((last + 1 & space.alignment() - 1) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "0x%x is no multiple of 0x%x: the mapping %s cannot be cut there."
                            .formatted(last + 1, space.alignment(), area.get().range()));
        }
        space.cut(area.get(), last + 1);
    }

    public long unmapAll() throws CallFailed {
        return space().unmap(IovaRange.ALL);
    }
}
