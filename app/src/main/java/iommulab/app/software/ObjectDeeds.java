package iommulab.app.software;

import iommulab.app.shell.KernelChoices;
import iommulab.app.shell.KernelDeed;
import iommulab.engine.os.SoftwareView.Node;

import java.util.List;
import java.util.stream.Stream;

/// The calls that can be made of each sort of object in an IOMMUFD.
///
/// @param choices what there is to choose from
record ObjectDeeds(KernelChoices choices) {
    static final List<String> TABLE_FLAGS =
            List.of("[]", "[nest_parent]", "[dirty]", "[pasid]", "[nest_parent, dirty]", "[fault]");
    private static final List<String> RIGHTS =
            List.of("[read, write]", "[fixed, read, write]", "[read]", "[fixed, read]");
    private static final String PAGE = "0x1000";

    List<KernelDeed> of(Node node) {
        var file = node.within();
        var own =
                switch (node.type()) {
                    case "IOAS" -> addressSpace(file, node.id());
                    case "HWPT_PAGING" -> table(file, node.id());
                    case "DEVICE" -> bound(file, node.id());
                    case "VIOMMU" -> virtual(file, node.id());
                    default -> List.<KernelDeed>of();
                };
        var destroy =
                KernelDeed.of("Destroy", "iommufd.destroy")
                        .with("iommufd", file)
                        .with("id", node.id());
        return Stream.concat(own.stream(), Stream.of(destroy)).toList();
    }

    private List<KernelDeed> addressSpace(String file, int id) {
        return List.of(
                KernelDeed.of("Map memory…", "iommufd.ioas_map")
                        .with("iommufd", file)
                        .with("ioas_id", id)
                        .asking("user_va", choices.buffers())
                        .asking("length", List.of(PAGE))
                        .asking("flags", RIGHTS)
                        .offering("iova", List.of("", "0x100000")),
                KernelDeed.of("Unmap…", "iommufd.ioas_unmap")
                        .with("iommufd", file)
                        .with("ioas_id", id)
                        .asking("iova", List.of("0x100000"))
                        .asking("length", List.of(PAGE)),
                KernelDeed.of("Which addresses are free", "iommufd.ioas_iova_ranges")
                        .with("iommufd", file)
                        .with("ioas_id", id),
                KernelDeed.of("Allocate a page table…", "iommufd.hwpt_alloc")
                        .with("iommufd", file)
                        .asking("dev_id", choices.ids(file, "DEVICE"))
                        .with("pt_id", id)
                        .asking("flags", TABLE_FLAGS));
    }

    private List<KernelDeed> table(String file, int id) {
        return List.of(
                KernelDeed.of("Nest a guest's table in it…", "iommufd.hwpt_alloc")
                        .with("iommufd", file)
                        .asking("dev_id", choices.ids(file, "DEVICE"))
                        .with("pt_id", id)
                        .with("flags", "[]")
                        .asking(
                                "data_type",
                                List.of("vtd_s1", "arm_smmuv3", "amd_guest", "selftest"))
                        .offering(
                                "data",
                                List.of("{pgtbl=1, addr_width=48}", "{iotlb=0xbadbeef}", "{}")),
                KernelDeed.of("Record writes…", "iommufd.hwpt_set_dirty")
                        .with("iommufd", file)
                        .with("hwpt_id", id)
                        .asking("flags", List.of("[enable]", "[]")),
                KernelDeed.of("Read recorded writes…", "iommufd.hwpt_get_dirty")
                        .with("iommufd", file)
                        .with("hwpt_id", id)
                        .asking("iova", List.of("0x100000", "0x0"))
                        .asking("length", List.of("0x10000"))
                        .asking("page_size", List.of(PAGE))
                        .asking("flags", List.of("[]", "[no_clear]")),
                KernelDeed.of("Make a virtual IOMMU…", "iommufd.viommu_alloc")
                        .with("iommufd", file)
                        .asking("dev_id", choices.ids(file, "DEVICE"))
                        .with("hwpt_id", id)
                        .asking("type", List.of("arm_smmuv3", "amd", "selftest", "default")));
    }

    private List<KernelDeed> bound(String file, int id) {
        return List.of(
                KernelDeed.of("Allocate a page table…", "iommufd.hwpt_alloc")
                        .with("iommufd", file)
                        .with("dev_id", id)
                        .asking("pt_id", choices.ids(file, "IOAS"))
                        .asking("flags", TABLE_FLAGS),
                KernelDeed.of("What its IOMMU can do", "iommufd.get_hw_info")
                        .with("iommufd", file)
                        .with("dev_id", id));
    }

    private List<KernelDeed> virtual(String file, int id) {
        return List.of(
                KernelDeed.of("Give it a device…", "iommufd.vdevice_alloc")
                        .with("iommufd", file)
                        .with("viommu_id", id)
                        .asking("dev_id", choices.ids(file, "DEVICE"))
                        .asking("virt_id", List.of("1")),
                KernelDeed.of("Let it report events…", "iommufd.veventq_alloc")
                        .with("iommufd", file)
                        .with("viommu_id", id)
                        .asking("type", List.of("selftest", "arm_smmuv3"))
                        .asking("depth", List.of("8")));
    }
}
