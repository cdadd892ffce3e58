package iommulab.engine.os.vfio;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// An open `/dev/vfio/vfio`: groups that share one set of mappings. What the mappings are kept in, its
/// backend, is chosen once it has a group, and goes with its last one. Source: kernel
/// `drivers/vfio/container.c`.
public final class Container extends OpenFile {
    private final Ledger ledger;
    private final PagingDomains paging;
    private final LockedPages locked;
    private final int mappingLimit;
    private final Book<Integer, GroupFile> groups;
    private final Cell<Optional<Type1>> backend;

    /// @param mappingLimit how many mappings it may have
    Container(
            Ledger ledger,
            PagingDomains paging,
            LockedPages locked,
            String handle,
            Process opener,
            int mappingLimit) {
        super(ledger, handle, opener);
        this.ledger = ledger;
        this.paging = paging;
        this.locked = locked;
        this.mappingLimit = mappingLimit;
        groups = new Book<>(ledger);
        backend = new Cell<>(ledger, Optional.empty());
    }

    @Override
    public String kind() {
        return "vfio";
    }

    /// By number.
    public Collection<GroupFile> groups() {
        return groups.all().values();
    }

    public Optional<Type1> backend() {
        return backend.get();
    }

    /// @throws CallFailed (EINVAL) none was chosen
    Type1 requireBackend() throws CallFailed {
        return backend()
                .orElseThrow(() ->
                        new CallFailed(
                                "EINVAL",
                                "%s has no IOMMU backend: nobody has set one.".formatted(this)));
    }

    /// Takes a group in: its DMA is owned from now on, and uses the mappings if there is a backend.
    ///
    /// @throws CallFailed as [iommulab.engine.os.device.DeviceGroup#claim] and [Type1#attach]
    void attach(GroupFile file) throws CallFailed {
        if (file.group().hardware().isPresent()) {
            file.group().hardware().get().claim(this);
        }
        if (backend().isPresent()) {
            backend().get().attach(file.group());
        }
        groups.set(file.group().groupId(), file);
        hold();
    }

    /// Lets a group go, back to the kernel. Without groups nothing of the mappings is left.
    void detach(GroupFile file) throws CallFailed {
        if (backend().isPresent()) {
            backend().get().detach(file.group());
        }
        if (file.group().hardware().isPresent()) {
            file.group().hardware().get().release();
        }
        groups.remove(file.group().groupId());
        if (groups.isEmpty()) {
            backend.set(Optional.empty());
        }
        drop();
    }

    /// Chooses the backend; all groups attach, or none.
    ///
    /// @param second whether it is the second version of the interface
    /// @throws CallFailed (EINVAL) no group, or a backend is set
    void setBackend(boolean second) throws CallFailed {
        var type1 = new Type1(ledger, paging, locked, second, mappingLimit);
        for (var file : groups()) {
            type1.attach(file.group());
        }
        backend.set(Optional.of(type1));
    }

    /// @throws CallFailed (EINVAL) no group, or a backend is set
    void requireReadyForBackend() throws CallFailed {
        if (groups.isEmpty()) {
            throw new CallFailed(
                    "EINVAL", "%s has no group: a backend comes after the first.".formatted(this));
        }
        if (backend().isPresent()) {
            throw new CallFailed("EINVAL", "%s has its backend already.".formatted(this));
        }
    }

    // ---- what can be seen of it

    @Override
    public String typeName() {
        return "VFIO container";
    }

    /// The backend, each mapping, and the domains that hardware walks for them.
    @Override
    public List<SoftwareView.Fact> facts() {
        var facts = new ArrayList<SoftwareView.Fact>();
        if (backend().isEmpty()) {
            facts.add(SoftwareView.Fact.of("backend", "none"));
            return facts;
        }
        var type1 = backend().get();
        facts.add(SoftwareView.Fact.of("backend", type1));
        facts.add(SoftwareView.Fact.of("mappings left", type1.mappingsLeft()));
        for (var table : type1.domains().tables()) {
            facts.add(SoftwareView.Fact.of("domain", table.domain()));
        }
        for (var mapping : type1.mappings()) {
            facts.add(
                    SoftwareView.Fact.of(
                            mapping.range(),
                            "0x%x of %s, %s"
                                    .formatted(
                                            mapping.va(),
                                            mapping.bill().process(),
                                            mapping.permissions())));
        }
        return facts;
    }

    @Override
    protected void release() {}
}
