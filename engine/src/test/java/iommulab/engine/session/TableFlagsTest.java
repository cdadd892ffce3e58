package iommulab.engine.session;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which flags of `iommufd.hwpt_alloc` each driver has a table for; kernel `domain_alloc_paging_flags`.
class TableFlagsTest {
    private static final String ALLOC =
            "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[%s])";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "VTD_SCALABLE | nest_parent",
                "VTD_SCALABLE | nest_parent, dirty, pasid",
                "VTD_SCALABLE | pasid",
                "VTD_LEGACY   | pasid",
                "AMD_VI       | nest_parent",
                "AMD_VI       | nest_parent, dirty",
                "AMD_VI       | dirty",
                "AMD_VI       | pasid",
                "SMMUV3       | nest_parent",
                "SMMUV3       | dirty",
                "SMMUV3       | pasid",
                "SMMUV3       | dirty, pasid",
                "SMMUV3       | fault, pasid"
            })
    void aTableIsMade(Architecture architecture, String flags) {
        var lab = KernelLab.of(architecture, 1);
        var fd = lab.iommufd();
        var device = lab.bind(fd, "devA");
        var faults =
                flags.contains("fault")
                        ? ", fault_id=" + lab.first("iommufd.fault_alloc(iommufd=%s)", fd)
                        : "";
        lab.ok(
                "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[%s]%s)",
                fd, device.id(), lab.ioas(fd), flags, faults);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "VTD_LEGACY | nest_parent",
                "VTD_LEGACY | dirty",
                "AMD_VI     | nest_parent, pasid",
                "AMD_VI     | dirty, pasid",
                "SMMUV3     | nest_parent, pasid",
                "SMMUV3     | nest_parent, dirty",
                "SMMUV3     | nest_parent, dirty, pasid",
                "RISCV      | nest_parent",
                "RISCV      | dirty",
                "RISCV      | pasid"
            })
    void noTableCanAllOfIt(Architecture architecture, String flags) {
        var lab = KernelLab.of(architecture, 1);
        var fd = lab.iommufd();
        var device = lab.bind(fd, "devA");
        lab.refused("EOPNOTSUPP", ALLOC, fd, device.id(), lab.ioas(fd), flags);
    }
}
