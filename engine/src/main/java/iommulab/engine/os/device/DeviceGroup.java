package iommulab.engine.os.device;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One IOMMU group, who owns its DMA, and to which translation its domain pointer leads. The kernel's own
/// drivers need the default domain for as long as they are bound; a user needs it elsewhere. So there is
/// one owner, and a count. Source: kernel `struct iommu_group`, `drivers/iommu/iommu.c`.
public final class DeviceGroup {
    private final Attachments attachments;
    private final Inventory.GroupFacts facts;
    private final List<PhysicalDevice> members = new ArrayList<>();
    private final Cell<Optional<OpenFile>> owner;
    private final Cell<Integer> ownerCount;
    private final Cell<Use> use;
    private final Cell<Integer> domain;
    private final Cell<String> defaultType;
    private final Book<Integer, Integer> pasids;
    private final Cell<Integer> openNodes;
    private final Cell<Integer> boundFiles;

    /// Where the domain pointer of a group leads.
    public enum Use {
        DEFAULT,
        BLOCKING,
        PAGING,
        NESTED
    }

    DeviceGroup(Ledger ledger, Attachments attachments, Inventory.GroupFacts facts) {
        this.attachments = attachments;
        this.facts = facts;
        owner = new Cell<>(ledger, Optional.empty());
        ownerCount = new Cell<>(ledger, 0);
        use = new Cell<>(ledger, Use.DEFAULT);
        domain = new Cell<>(ledger, 0);
        defaultType = new Cell<>(ledger, facts.defaultType());
        pasids = new Book<>(ledger);
        openNodes = new Cell<>(ledger, 0);
        boundFiles = new Cell<>(ledger, 0);
    }

    public int id() {
        return facts.id();
    }

    public Inventory.GroupFacts facts() {
        return facts;
    }

    void add(PhysicalDevice member) {
        members.add(member);
    }

    public List<PhysicalDevice> members() {
        return List.copyOf(members);
    }

    /// The user who owns its DMA; empty if the kernel does, or nobody.
    public Optional<OpenFile> owner() {
        return owner.get();
    }

    /// How many claims its owner has on it.
    public int ownerCount() {
        return ownerCount.get();
    }

    /// Whether kernel drivers use its DMA.
    public boolean isUsedByKernel() {
        return ownerCount() > 0 && owner().isEmpty();
    }

    public Use use() {
        return use.get();
    }

    /// Number of the domain that a user put it into, 0 if none.
    public int domain() {
        return domain.get();
    }

    /// PASIDs of its members that are attached, with their domain. The numbers are the group's: all its
    /// members share them.
    public Book<Integer, Integer> pasids() {
        return pasids;
    }

    /// As sysfs prints it.
    public String defaultType() {
        return defaultType.get();
    }

    void setDefaultType(String type) throws CallFailed {
        attachments.setDefaultType(id(), type);
        defaultType.set(type.equals("auto") ? facts.defaultType() : type);
    }

    // ---- the kernel's own drivers

    /// A kernel driver is about to use the DMA API. Source: kernel `iommu_device_use_default_domain`.
    ///
    /// @throws CallFailed (EBUSY) a user owns the group
    public void useDefaultDomain() throws CallFailed {
        if (ownerCount() > 0 && (owner().isPresent() || isElsewhere())) {
            throw new CallFailed(
                    "EBUSY",
                    "The DMA of group %d is owned by %s: a kernel driver cannot have the default domain."
                            .formatted(id(), owner().map(OpenFile::toString).orElse("somebody")));
        }
        ownerCount.set(ownerCount() + 1);
    }

    /// The reverse. Source: kernel `iommu_device_unuse_default_domain`.
    public void unuseDefaultDomain() {
        if (isUsedByKernel()) {
            ownerCount.set(ownerCount() - 1);
        }
    }

    private boolean isElsewhere() {
        return use.get() != Use.DEFAULT || !pasids.isEmpty() || !attachments.isInDefault(id());
    }

    /// How many have its VFIO group node open: while somebody has, its devices cannot be bound through
    /// their own nodes.
    public Cell<Integer> openNodes() {
        return openNodes;
    }

    /// How many of its devices are bound through their own nodes: while one is, the group node cannot be
    /// opened.
    public Cell<Integer> boundFiles() {
        return boundFiles;
    }

    // ---- users

    /// A user claims the whole group, once. Source: kernel `iommu_group_claim_dma_owner`.
    ///
    /// @throws CallFailed (EPERM) somebody uses its DMA, or as [#claimDevice]
    public void claim(OpenFile user) throws CallFailed {
        if (ownerCount() > 0) {
            throw new CallFailed("EPERM", whoIsInTheWay());
        }
        take(user);
    }

    /// A user claims one member; the owner may do so for each. Source: kernel
    /// `iommu_device_claim_dma_owner`.
    ///
    /// @throws CallFailed (EPERM) somebody else uses its DMA, (EBUSY) the group is in no state for it,
    ///     (EINVAL) firmware needs a mapping that would be cut off
    public void claimDevice(OpenFile user) throws CallFailed {
        if (ownerCount() > 0) {
            if (owner().filter(user::equals).isEmpty()) {
                throw new CallFailed("EPERM", whoIsInTheWay());
            }
            ownerCount.set(ownerCount() + 1);
            return;
        }
        take(user);
    }

    private void take(OpenFile user) throws CallFailed {
        if (isElsewhere()) {
            throw new CallFailed("EBUSY", "Group %d is not in its default domain.".formatted(id()));
        }
        for (var member : members) {
            for (var range : member.reserved()) {
                if (range.kind() == ReservedRange.Kind.DIRECT) {
                    throw new CallFailed(
                            "EINVAL",
                            "Firmware uses %s by DMA of %s: blocking group %d would cut it off."
                                    .formatted(range, member, id()));
                }
            }
        }
        block();
        owner.set(Optional.of(user));
        ownerCount.set(1);
    }

    private String whoIsInTheWay() {
        if (owner().isPresent()) {
            return "The DMA of group %d is owned by %s.".formatted(id(), owner().get());
        }
        var bound =
                members.stream()
                        .filter(member -> !member.driver().isEmpty())
                        .map(member -> member + " (" + member.driver() + ")")
                        .toList();
        return "Kernel drivers use the DMA of group %d; bound in it: %s."
                .formatted(id(), bound.isEmpty() ? "none" : String.join(", ", bound));
    }

    /// One claim is given back; with the last one the group returns to its default domain. Source: kernel
    /// `iommu_device_release_dma_owner`.
    public void release() throws CallFailed {
        if (ownerCount() > 1) {
            ownerCount.set(ownerCount() - 1);
            return;
        }
        ownerCount.set(0);
        owner.set(Optional.empty());
        if (use.get() != Use.DEFAULT) {
            attachments.useDefault(id());
            use.set(Use.DEFAULT);
            domain.set(0);
        }
    }

    /// A member's user wants its interrupts.
    public void enableInterrupts(PhysicalDevice member) throws CallFailed {
        attachments.enableInterrupts(member.address());
    }

    /// Points it to a table of its owner.
    ///
    /// @param to number of the domain; 0 for a table that hardware does not walk
    /// @param nested whether a guest keeps the table
    public void attach(int to, boolean nested) throws CallFailed {
        if (to == 0) {
            attachments.block(id());
        } else {
            attachments.attach(id(), to);
        }
        use.set(nested ? Use.NESTED : Use.PAGING);
        domain.set(to);
    }

    /// Points it to nothing: all requests without PASID are stopped.
    public void block() throws CallFailed {
        attachments.block(id());
        use.set(Use.BLOCKING);
        domain.set(0);
    }

    /// Points a PASID of all members to a table, whatever it led to before.
    ///
    /// @param to number of the domain; 0 for a table that hardware does not walk
    public void attachPasid(int pasid, int to) throws CallFailed {
        var step =
                pasids.has(pasid)
                        ? SelftestHooks.PasidStep.REPLACE
                        : SelftestHooks.PasidStep.ATTACH;
        for (var member : members) {
            member.hooks().failIfPlanned(member.name(), step);
        }
        for (var member : membersWithPasids()) {
            if (to == 0) {
                attachments.detachPasid(member.address(), pasid);
            } else {
                attachments.attachPasid(member.address(), pasid, to);
            }
        }
        pasids.set(pasid, to);
    }

    /// Requests with a PASID are stopped again.
    public void detachPasid(int pasid) throws CallFailed {
        stopPasid(pasid);
        pasids.remove(pasid);
    }

    /// Stops requests with a PASID, which stays taken.
    public void stopPasid(int pasid) throws CallFailed {
        for (var member : membersWithPasids()) {
            attachments.detachPasid(member.address(), pasid);
        }
    }

    /// The others can make no request with a PASID.
    private List<PhysicalDevice> membersWithPasids() {
        return members.stream().filter(member -> member.pasidBits() > 0).toList();
    }

    @Override
    public String toString() {
        return "group " + id();
    }
}
