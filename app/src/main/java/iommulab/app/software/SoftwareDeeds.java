package iommulab.app.software;

import iommulab.app.shell.KernelChoices;
import iommulab.app.shell.KernelDeed;
import iommulab.app.shell.PasidDeeds;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Node;

import java.util.List;
import java.util.stream.Stream;

/// The calls that can be made of each sort of thing. Whether the kernel would accept one, the kernel says.
final class SoftwareDeeds {
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
            case "fault file" -> faults(node.key());
            case "event file" ->
                    List.of(
                            KernelDeed.of("Read its events", "iommufd.veventq_read")
                                    .with("fd", node.key()),
                            closing("iommufd.veventq_close", "fd", node.key()));
            case "driver" -> driver(node.key());
            case "SVA bond" ->
                    List.of(KernelDeed.of("Unbind", "sva.unbind").with("handle", node.key()));
            case "mediated device" -> mediated(node.key());
            default -> node.within().isEmpty() ? List.of() : new ObjectDeeds(choices).of(node);
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
                KernelDeed.of("Bind a device to a process…", "sva.bind")
                        .asking("device", choices.devices())
                        .asking("process", choices.processes()),
                KernelDeed.of("Make a mediated device…", "mdev.create")
                        .asking("parent", choices.devices())
                        .asking("name", List.of("mdev0")),
                KernelDeed.of("Make a table in guest memory", "guest.pt_create"),
                KernelDeed.of("Map in guest memory…", "guest.pt_map")
                        .asking("pt", List.of("1"))
                        .asking("gva", List.of("0x400000"))
                        .asking("gpa", List.of("0x10000"))
                        .offering("npages", List.of("1"))
                        .offering("flags", List.of("rw", "r")));
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
        var files =
                List.of(
                        KernelDeed.of("Open an IOMMUFD", "iommufd.open").with("process", process),
                        openDevice(),
                        openGroup(),
                        KernelDeed.of("Open a VFIO container", "vfio.container_open")
                                .with("process", process),
                        KernelDeed.of("Create a virtual machine", "kvm.vm_create")
                                .with("process", process));
        var life =
                List.of(
                        KernelDeed.of("Fork…", "sva.fork")
                                .with("process", process)
                                .asking("child", List.of(process + "b")),
                        KernelDeed.of("Exit", "sva.process_exit").with("process", process));
        return Stream.of(files, new PasidDeeds(choices).process(process), life)
                .flatMap(List::stream)
                .toList();
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
                        .asking("flags", ObjectDeeds.TABLE_FLAGS),
                KernelDeed.of("Allocate a fault queue", "iommufd.fault_alloc")
                        .with("iommufd", file),
                KernelDeed.of("Add a software user…", "iommufd.k_access_create")
                        .with("iommufd", file)
                        .offering("ioas_id", spaces)
                        .asking("needs_pin", List.of("true", "false")),
                closing("iommufd.close", "iommufd", file));
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
            return List.of(closing("vfio.device_close", "device_fd", file));
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
                        .asking("flags", List.of("[]", "[all]")),
                log("Log writes", file).with("flags", "[start]"),
                log("Read the log of writes…", file)
                        .with("flags", "[get]")
                        .asking("iova", List.of("0x100000"))
                        .asking("size", List.of(PAGE)),
                log("Stop the log", file).with("flags", "[stop]"),
                closing("vfio.container_close", "container", file));
    }

    private static KernelDeed log(String title, String container) {
        return KernelDeed.of(title, "vfio.type1_dirty").with("container", container);
    }

    private List<KernelDeed> machine(String vm) {
        var caches =
                List.of(
                        KernelDeed.of("Guest write-back", "kvm.guest_wbinvd").with("vm", vm),
                        KernelDeed.of("Run a virtual CPU…", "kvm.vcpu_load")
                                .with("vm", vm)
                                .asking("vcpu", List.of("0", "1", "2", "3"))
                                .asking("pcpu", List.of("0", "1", "2", "3")),
                        KernelDeed.of("Create its VFIO device", "kvm.vfio_device_create")
                                .with("vm", vm));
        return Stream.of(
                        caches,
                        new PasidDeeds(choices).machine(vm),
                        List.of(closing("kvm.vm_close", "vm", vm)))
                .flatMap(List::stream)
                .toList();
    }

    private static List<KernelDeed> faults(String file) {
        return List.of(
                KernelDeed.of("Read its page requests", "iommufd.fault_read").with("fd", file),
                KernelDeed.of("Answer a page request…", "iommufd.fault_respond")
                        .with("fd", file)
                        .asking(
                                "responses",
                                List.of(
                                        "[{cookie=1, code=success}]",
                                        "[{cookie=1, code=invalid}]")),
                closing("iommufd.fault_close", "fd", file));
    }

    /// A driver of the kernel that uses an address space by software.
    private List<KernelDeed> driver(String access) {
        return List.of(
                KernelDeed.of("Attach…", "iommufd.k_access_attach")
                        .with("access", access)
                        .asking("ioas_id", spaces()),
                KernelDeed.of("Pin memory…", "iommufd.k_access_pin")
                        .with("access", access)
                        .asking("iova", List.of("0x100000"))
                        .asking("length", List.of(PAGE)),
                KernelDeed.of("Read or write memory…", "iommufd.k_access_rw")
                        .with("access", access)
                        .asking("iova", List.of("0x100000"))
                        .asking("length", List.of("64"))
                        .asking("write", List.of("false", "true")),
                KernelDeed.of("Let go", "iommufd.k_access_destroy").with("access", access));
    }

    private List<String> spaces() {
        return choices.software().nodes().stream()
                .filter(node -> node.type().equals("IOAS"))
                .map(node -> Integer.toString(node.id()))
                .distinct()
                .toList();
    }

    private static List<KernelDeed> mediated(String device) {
        return List.of(
                KernelDeed.of("Open its node", "vfio.cdev_open").with("device", device),
                KernelDeed.of("Let its driver pin memory…", "mdev.pin")
                        .with("device", device)
                        .asking("iova", List.of("0x100000"))
                        .asking("length", List.of(PAGE))
                        .asking("write", List.of("false", "true")),
                KernelDeed.of("Let its driver unpin…", "mdev.unpin")
                        .with("device", device)
                        .asking("pin", List.of("1")),
                KernelDeed.of("Let its driver copy bytes…", "mdev.dma_rw")
                        .with("device", device)
                        .asking("iova", List.of("0x100000"))
                        .asking("length", List.of("64"))
                        .asking("write", List.of("false", "true")),
                KernelDeed.of("Remove", "mdev.remove").with("device", device));
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

    private static KernelDeed closing(String action, String argument, String file) {
        return KernelDeed.of("Close", action).with(argument, file);
    }
}
