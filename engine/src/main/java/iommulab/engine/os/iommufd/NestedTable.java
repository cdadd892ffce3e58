package iommulab.engine.os.iommufd;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.device.PhysicalDevice;

import java.util.List;
import java.util.Optional;

/// A first-stage table that a guest keeps, through the table of the guest's memory. Source: kernel
/// `struct iommufd_hwpt_nested`.
public final class NestedTable extends PageTable {
    private final PagingTable parent;
    private final Optional<VirtualIommu> viommu;
    private final NestedData data;

    /// @param viommu the virtual IOMMU that it was made for; else it is directly on its parent
    NestedTable(
            PagingTable parent,
            Optional<VirtualIommu> viommu,
            PhysicalDevice like,
            boolean forPasids,
            Optional<FaultQueue> faults,
            NestedData data) {
        super(parent.file(), like, forPasids, faults);
        this.parent = parent;
        this.viommu = viommu;
        this.data = data;
        support().hold(toString(), "nested on it");
    }

    private IoObject support() {
        return viommu.isPresent() ? viommu.get() : parent;
    }

    public PagingTable parent() {
        return parent;
    }

    public Optional<VirtualIommu> viommu() {
        return viommu;
    }

    /// What the driver of the IOMMU keeps of it.
    public NestedData data() {
        return data;
    }

    @Override
    public int domain() {
        return data.domain();
    }

    @Override
    public boolean isNested() {
        return true;
    }

    @Override
    public Optional<PagingTable> paging() {
        return Optional.of(parent);
    }

    @Override
    void requireFits(PhysicalDevice device) throws CallFailed {
        super.requireFits(device);
        parent.requireFits(device);
        if (viommu.isPresent()) {
            viommu.get().requireKnows(device);
        }
    }

    /// Forgets what hardware may have cached of the table, entry by entry.
    ///
    /// @return how many entries were carried out
    int invalidate(List<Arguments> entries) throws CallFailed, BadArgument {
        int done = 0;
        for (var entry : entries) {
            try {
                data.invalidate(entry);
            } catch (CallFailed failed) {
                var told = failed.returning("entry_num", Value.of(done));
                throw done == 0 ? told : told.keepingWork();
            }
            done++;
        }
        return done;
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        var on = SoftwareView.Fact.of("on", support());
        var forPasids = SoftwareView.Fact.of("for PASIDs", isForPasids());
        return data.entryType().isEmpty()
                ? List.of(on, forPasids)
                : List.of(
                        on,
                        forPasids,
                        SoftwareView.Fact.of("entries of an invalidation", data.entryType()));
    }

    @Override
    protected void end() throws CallFailed {
        super.end();
        support().release(toString());
        if (domain() != 0) {
            file().core().paging().destroy(domain());
        }
        data.end();
    }
}
