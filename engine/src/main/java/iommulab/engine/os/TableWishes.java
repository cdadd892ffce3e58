package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Stage;
import iommulab.engine.os.device.PagingDomains.Wanted;

/// Which stage each driver takes for a table that people fill, by what it has to be able to do
/// (`IOMMU_HWPT_ALLOC_NEST_PARENT`, `_DIRTY_TRACKING`, `_PASID`). Not every driver has a table for every
/// combination. Source: kernel `domain_alloc_paging_flags` of `struct iommu_ops`.
final class TableWishes {
    private TableWishes() {}

    /// What a driver does that refuses none.
    static Stage usual(IommuDriver driver, Wanted wanted) {
        return wanted.parent() || wanted.dirty() ? Stage.SECOND : driver.usualStage();
    }

    /// A parent is stage 2 and nothing else; writes are tracked, and PASIDs found, in stage 1 alone.
    /// Source: kernel `arm_smmu_domain_alloc_paging_flags`.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) if no stage can all of it
    static Stage ofSmmu(IommuDriver driver, Wanted wanted) throws MappingRefused {
        boolean needsFirst = wanted.dirty() || wanted.pasids();
        if (wanted.parent()) {
            require(!needsFirst, "An SMMUv3's parent of guests' tables is stage 2", wanted);
            return Stage.SECOND;
        }
        require(
                !needsFirst || driver.usualStage() == Stage.FIRST,
                "The SMMU has no stage 1 for it",
                wanted);
        return driver.usualStage();
    }

    /// Host tables can be parents and track writes, guest tables are for PASIDs.
    /// Source: kernel `amd_iommu_domain_alloc_paging_flags`.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) if no table can all of it
    static Stage ofAmd(IommuDriver driver, Wanted wanted) throws MappingRefused {
        if (!wanted.pasids()) {
            return usual(driver, wanted);
        }
        require(
                !wanted.parent() && !wanted.dirty(),
                "PASIDs of AMD-Vi go through guest tables",
                wanted);
        return Stage.FIRST;
    }

    /// The driver knows no flags (`riscv_iommu_alloc_paging_domain`).
    ///
    /// @throws MappingRefused (EOPNOTSUPP) if anything is wanted
    static Stage ofRiscv(IommuDriver driver, Wanted wanted) throws MappingRefused {
        require(
                !wanted.parent() && !wanted.dirty() && !wanted.pasids(),
                "The driver of RISC-V makes plain tables only",
                wanted);
        return driver.usualStage();
    }

    /// Nesting and dirty bits came with scalable mode. Source: kernel `nested_supported`,
    /// `ssads_supported`.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) if one of them is wanted
    static Stage ofLegacyVtd(IommuDriver driver, Wanted wanted) throws MappingRefused {
        require(
                !wanted.parent() && !wanted.dirty(),
                "VT-d's legacy mode neither nests nor marks writes",
                wanted);
        return driver.usualStage();
    }

    private static void require(boolean possible, String reason, Wanted wanted)
            throws MappingRefused {
        if (!possible) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "%s; asked for: %s.".formatted(reason, flags(wanted)));
        }
    }

    private static String flags(Wanted wanted) {
        return ((wanted.parent() ? "nest_parent " : "")
                        + (wanted.dirty() ? "dirty " : "")
                        + (wanted.pasids() ? "pasid" : ""))
                .strip()
                .replace(" ", ", ");
    }
}
