package iommulab.app.software;

import iommulab.app.shell.KernelChoices;
import iommulab.app.shell.KernelDeed;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Node;

import java.util.List;
import java.util.stream.Stream;

/// The calls that can be made of each sort of thing. Whether the kernel would accept one, the kernel says.
final class SoftwareDeeds {
    private static final List<String> RIGHTS =
            List.of("[read, write]", "[fixed, read, write]", "[read]", "[fixed, read]");
    private static final List<String> TABLE_FLAGS =
            List.of("[]", "[nest_parent]", "[dirty]", "[pasid]", "[nest_parent, dirty]", "[fault]");
    private static final List<String> PASIDS = List.of("", "1", "2");
    private static final String PAGE = "0x1000";

    private final KernelChoices choices;

    SoftwareDeeds(SoftwareView software) {
        choices = new KernelChoices(software);
    }

    List<KernelDeed> of(Node node) {
        return switch (node.type()) {
            case "process" -> process(node.key());
            case "IOMMUFD" -> iommufd(node.key());
            case "VFIO device" -> device(node);
            case "VFIO group" -> group(node.key());
            case "VFIO container" -> container(node.key());
            case "virtual machine" -> machine(node.key());
            case "KVM's VFIO device" -> list(node.key());
            case "fault file" -> closing("iommufd.fault_close", "fd", node.key());
            case "event file" -> closing("iommufd.veventq_close", "fd", node.key());
            default -> node.within().isEmpty() ? List.of() : object(node);
        };
    }

    /// With nothing selected: what begins a story.
    List<KernelDeed> first() {
        return List.of(
                KernelDeed.of("Open an IOMMUFD", "iommufd.open"),
                openDevice(),
                openGroup(),
                KernelDeed.of("Open a VFIO container", "vfio.container_open"),
                KernelDeed.of("Create a virtual machine", "kvm.vm_create"),
                KernelDeed.of("Make a table in guest memory", "guest.pt_create"));
    }

    private KernelDeed openDevice() {
        return KernelDeed.of("Open a device node…", "vfio.cdev_open")
                .asking("device", choices.devices());
    }

    private KernelDeed openGroup() {
        return KernelDeed.of("Open a group node…", "vfio.group_open")
                .asking("group", choices.groups());
    }

    private List<KernelDeed> process(String process) {
        return List.of(
                KernelDeed.of("Open an IOMMUFD", "iommufd.open").with("process", process),
                openDevice(),
                openGroup(),
                KernelDeed.of("Open a VFIO container", "vfio.container_open")
                        .with("process", process),
                KernelDeed.of("Create a virtual machine", "kvm.vm_create").with("process", process),
                KernelDeed.of("Bind a device to its memory…", "sva.bind")
                        .asking("device", choices.devices())
                        .with("process", process),
                KernelDeed.of("Fork…", "sva.fork")
                        .with("process", process)
                        .asking("child", List.of(process + "b")),
                KernelDeed.of("Exit", "sva.process_exit").with("process", process));
    }

    private List<KernelDeed> iommufd(String file) {
        var spaces = choices.ids(file, "IOAS");
        var devices = choices.ids(file, "DEVICE");
        return List.of(
                KernelDeed.of("Allocate an address space", "iommufd.ioas_alloc")
                        .with("iommufd", file),
                KernelDeed.of("Bind a device…", "vfio.cdev_bind")
                        .asking("cdev", cdevs())
                        .with("iommufd", file),
                KernelDeed.of("Allocate a page table…", "iommufd.hwpt_alloc")
                        .with("iommufd", file)
                        .asking("dev_id", devices)
                        .asking("pt_id", spaces)
                        .asking("flags", TABLE_FLAGS),
                KernelDeed.of("Allocate a fault queue", "iommufd.fault_alloc")
                        .with("iommufd", file),
                KernelDeed.of("Add a software user…", "iommufd.k_access_create")
                        .with("iommufd", file)
                        .offering("ioas_id", spaces)
                        .asking("needs_pin", List.of("true", "false")));
    }

    private List<String> cdevs() {
        return choices.ofType("VFIO device").stream()
                .filter(key -> key.startsWith("cdev"))
                .toList()
                .reversed();
    }

    private List<String> tables() {
        return choices.software().nodes().stream()
                .filter(n -> List.of("IOAS", "HWPT_PAGING", "HWPT_NESTED").contains(n.type()))
                .map(n -> Integer.toString(n.id()))
                .distinct()
                .toList();
    }

    private List<KernelDeed> device(Node node) {
        var file = node.key();
        if (!file.startsWith("cdev")) {
            return closing("vfio.device_close", "device_fd", file);
        }
        return List.of(
                KernelDeed.of("Bind to an IOMMUFD…", "vfio.cdev_bind")
                        .with("cdev", file)
                        .asking("iommufd", choices.ofType("IOMMUFD")),
                KernelDeed.of("Attach or replace…", "vfio.cdev_attach")
                        .with("cdev", file)
                        .asking("pt_id", tables())
                        .offering("pasid", PASIDS),
                KernelDeed.of("Detach", "vfio.cdev_detach").with("cdev", file),
                KernelDeed.of("Close", "vfio.cdev_close").with("cdev", file));
    }

    private List<KernelDeed> group(String file) {
        var containers =
                Stream.concat(
                                choices.ofType("VFIO container").stream(),
                                choices.ofType("IOMMUFD").stream())
                        .toList();
        return List.of(
                KernelDeed.of("Set the container…", "vfio.group_set_container")
                        .with("group_fd", file)
                        .asking("container", containers),
                KernelDeed.of("Unset the container", "vfio.group_unset_container")
                        .with("group_fd", file),
                KernelDeed.of("Open a device…", "vfio.group_get_device_fd")
                        .with("group_fd", file)
                        .asking("device", choices.devices()),
                KernelDeed.of("Close", "vfio.group_close").with("group_fd", file));
    }

    private List<KernelDeed> container(String file) {
        return List.of(
                KernelDeed.of("Choose the backend…", "vfio.set_iommu")
                        .with("container", file)
                        .asking("type", List.of("TYPE1v2", "TYPE1")),
                KernelDeed.of("Map memory…", "vfio.type1_map")
                        .with("container", file)
                        .asking("iova", List.of("0x100000"))
                        .asking("vaddr", choices.buffers())
                        .asking("size", List.of(PAGE))
                        .asking("flags", List.of("rw", "r")),
                KernelDeed.of("Unmap…", "vfio.type1_unmap")
                        .with("container", file)
                        .asking("iova", List.of("0x100000"))
                        .asking("size", List.of(PAGE))
                        .asking("flags", List.of("[]", "[all]")));
    }

    private List<KernelDeed> machine(String vm) {
        return List.of(
                KernelDeed.of("Guest write-back", "kvm.guest_wbinvd").with("vm", vm),
                KernelDeed.of("Run a virtual CPU…", "kvm.vcpu_load")
                        .with("vm", vm)
                        .asking("vcpu", List.of("0", "1", "2", "3"))
                        .asking("pcpu", List.of("0", "1", "2", "3")),
                KernelDeed.of("Create its VFIO device", "kvm.vfio_device_create").with("vm", vm));
    }

    private List<KernelDeed> list(String file) {
        var files =
                Stream.concat(
                                choices.ofType("VFIO device").stream(),
                                choices.ofType("VFIO group").stream())
                        .toList();
        return List.of(
                KernelDeed.of("Add a file…", "kvm.set_attr")
                        .with("kvmdev", file)
                        .with("attr", "ADD")
                        .asking("fd", files),
                KernelDeed.of("Delete a file…", "kvm.set_attr")
                        .with("kvmdev", file)
                        .with("attr", "DEL")
                        .asking("fd", files),
                KernelDeed.of("Close", "kvm.device_close").with("kvmdev", file));
    }

    private List<KernelDeed> object(Node node) {
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

    private static List<KernelDeed> closing(String action, String argument, String file) {
        return List.of(KernelDeed.of("Close", action).with(argument, file));
    }
}
