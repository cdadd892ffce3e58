package iommulab.engine.iommu.smmuv3;

/// Whose translation regime a stream belongs to: what tags its translations, how many halves its addresses
/// have, and which privileges its tables know.
/// Spec: SMMUv3, "Configuration and Translation lookup"; "Stream Table Entry", STRW.
enum StreamWorld {
    /// A kernel's: tagged with VMID and ASID.
    EL1(0),
    /// A hypervisor's: one half, one privilege, tagged with neither.
    EL2(1 << 16),
    /// A hypervisor's that is its host's kernel (E2H): as a kernel's, tagged with ASID alone.
    EL2_E2H(1 << 17);

    /* As owner of address spaces beside the VMIDs, which have 16 bits. */
    private final int owner;

    StreamWorld(int owner) {
        this.owner = owner;
    }

    /// The world of a stream table entry that is legal.
    ///
    /// @param host CR2.E2H
    static StreamWorld of(StreamEntry entry, SmmuCapabilities capabilities, boolean host) {
        boolean counts = capabilities.hypervisor() && entry.stage1() && !entry.stage2();
        if (!counts || entry.world() == 0) {
            return EL1;
        }
        return host ? EL2_E2H : EL2;
    }

    /// The hypervisor's world that commands mean.
    ///
    /// @param host CR2.E2H
    static StreamWorld hypervisor(boolean host) {
        return host ? EL2_E2H : EL2;
    }

    /// Owner of its address spaces.
    ///
    /// @param vmid which tags a kernel's only
    int owner(int vmid) {
        return this == EL1 ? vmid : owner;
    }

    /// Whether spaces of this owner are a hypervisor's.
    static boolean isHypervisor(int owner) {
        return owner >= EL2.owner;
    }

    /// Whether its translations are tagged with an ASID.
    boolean hasAsids() {
        return this != EL2;
    }

    /// Whether requests with and without privilege are told apart.
    boolean hasPrivileges() {
        return this != EL2;
    }

    /// Whether addresses with bit 55 set have tables of their own.
    boolean hasUpperHalf() {
        return this != EL2;
    }
}
