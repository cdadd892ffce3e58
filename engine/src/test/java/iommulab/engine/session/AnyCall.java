package iommulab.engine.session;

import iommulab.engine.os.Kernel;
import iommulab.engine.os.OpenFile;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.os.call.Vocabulary.Entry;
import iommulab.engine.os.call.Vocabulary.Parameter;
import iommulab.engine.os.iommufd.Iommufd;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Calls out of the whole vocabulary that often make sense: what earlier calls returned comes back as
/// arguments, also after it is gone.
final class AnyCall {
    private static final int REMEMBERED = 8;
    /* Types of the objects that a number may name. */
    private static final Map<String, List<String>> OBJECTS =
            Map.ofEntries(
                    Map.entry("dev_id", List.of("DEVICE")),
                    Map.entry("ioas_id", List.of("IOAS")),
                    Map.entry("src_ioas_id", List.of("IOAS")),
                    Map.entry("dst_ioas_id", List.of("IOAS")),
                    Map.entry("object_id", List.of("IOAS")),
                    Map.entry("pt_id", List.of("IOAS", "HWPT_PAGING", "HWPT_NESTED", "VIOMMU")),
                    Map.entry("hwpt_id", List.of("HWPT_PAGING", "HWPT_NESTED", "VIOMMU")),
                    Map.entry("viommu_id", List.of("VIOMMU")),
                    Map.entry("fault_id", List.of("FAULT")));
    /* How handles begin. */
    private static final Map<String, List<String>> HANDLES =
            Map.ofEntries(
                    Map.entry("iommufd", List.of("iommufd")),
                    Map.entry("cdev", List.of("cdev")),
                    Map.entry("access", List.of("access")),
                    Map.entry("container", List.of("container", "container", "iommufd")),
                    Map.entry("group_fd", List.of("group")),
                    Map.entry("device_fd", List.of("device")),
                    Map.entry("vm", List.of("vm")),
                    Map.entry("kvmdev", List.of("kvmdev")),
                    Map.entry("fd", List.of("fault", "veventq", "cdev", "group")));
    private static final Map<String, Integer> WEIGHTS =
            Map.ofEntries(
                    Map.entry("iommufd.open", 1),
                    Map.entry("driver.unbind", 1),
                    Map.entry("driver.use_dma_api", 1),
                    Map.entry("driver.group_type", 1),
                    Map.entry("sva.process_exit", 1),
                    Map.entry("mem.munmap", 1),
                    Map.entry("mock.add_reserved", 1),
                    Map.entry("iommufd.ioas_change_process", 2),
                    Map.entry("iommufd.vfio_ioas", 2),
                    Map.entry("iommufd.option", 2),
                    Map.entry("iommufd.destroy", 6),
                    Map.entry("vfio.cdev_close", 2),
                    Map.entry("iommufd.close", 1),
                    Map.entry("vfio.container_close", 2),
                    Map.entry("kvm.vm_close", 2),
                    Map.entry("vfio.cdev_open", 3),
                    Map.entry("vfio.cdev_bind", 5),
                    Map.entry("vfio.cdev_attach", 12),
                    Map.entry("iommufd.ioas_map", 10),
                    Map.entry("iommufd.hwpt_alloc", 16),
                    Map.entry("iommufd.viommu_alloc", 8),
                    Map.entry("iommufd.vdevice_alloc", 8),
                    Map.entry("iommufd.hw_queue_alloc", 8),
                    Map.entry("iommufd.veventq_alloc", 8),
                    Map.entry("mock.trigger_iopf", 10),
                    Map.entry("mock.trigger_vevent", 6));
    private static final int USUAL_WEIGHT = 4;
    private static final Map<String, List<String>> WORDS =
            Map.ofEntries(
                    Map.entry("driver", List.of("vfio-pci", "pci-stub", "e1000e")),
                    Map.entry(
                            "data_type",
                            List.of("none", "selftest", "vtd_s1", "viommu_selftest", "arm_smmuv3")),
                    Map.entry("option", List.of("rlimit_mode", "huge_pages")),
                    Map.entry("op", List.of("get", "set", "clear", "attach", "replace", "any")),
                    Map.entry("errno", List.of("ENOMEM", "EIO")),
                    Map.entry("dir", List.of("read", "write")),
                    Map.entry("perm", List.of("read", "write")),
                    Map.entry("attr", List.of("ADD", "DEL")),
                    Map.entry("ext", List.of("TYPE1", "DMA_CC")),
                    Map.entry("file", List.of("buf", "bad")),
                    Map.entry("cmd", List.of("DESTROY", "IOAS_ALLOC", "OPTION")),
                    Map.entry("trailing", List.of("zero", "nonzero")),
                    Map.entry("name", List.of("mdev0", "mdev1")),
                    Map.entry("parent", List.of("devA", "devB")),
                    Map.entry("child", List.of("p1", "p2")),
                    Map.entry("thread", List.of("t0", "t1")));
    private static final Map<String, List<String>> TYPES =
            Map.of(
                    "iommufd.viommu_alloc", List.of("selftest", "arm_smmuv3", "amd"),
                    "iommufd.veventq_alloc", List.of("selftest", "arm_smmuv3"),
                    "iommufd.hw_queue_alloc", List.of("selftest"),
                    "vfio.set_iommu", List.of("TYPE1", "TYPE1v2"),
                    "driver.group_type", List.of("identity", "DMA", "DMA-FQ", "auto"),
                    "iommufd.get_hw_info", List.of("default"));
    private static final Map<String, List<String>> FLAGS =
            Map.of(
                    "iommufd.ioas_map", List.of("[fixed, read, write]", "[read, write]"),
                    "iommufd.ioas_map_file", List.of("[fixed, read, write]"),
                    "iommufd.ioas_copy", List.of("[fixed, read, write]"),
                    "iommufd.hwpt_alloc",
                            List.of(
                                    "[nest_parent]",
                                    "[nest_parent]",
                                    "[]",
                                    "[]",
                                    "[pasid]",
                                    "[dirty]",
                                    "[fault]",
                                    "[pasid, fault]"),
                    "iommufd.hwpt_set_dirty", List.of("[enable]", "[]"),
                    "iommufd.hwpt_get_dirty", List.of("[no_clear]", "[]"),
                    "vfio.type1_map", List.of("rw", "r"),
                    "vfio.type1_unmap", List.of("[]", "[all]"),
                    "vfio.type1_dirty", List.of("[start]", "[stop]", "[get]"),
                    "guest.pt_map", List.of("rw", "r"));

    private final Random random;
    private final Kernel kernel;
    private final List<Entry> favourites = new ArrayList<>();
    private final Map<String, List<String>> returned = new HashMap<>();

    AnyCall(Random random, Kernel kernel) {
        this.random = random;
        this.kernel = kernel;
        for (var entry : Vocabulary.all().entries().values()) {
            for (int i = 0; i < WEIGHTS.getOrDefault(entry.name(), USUAL_WEIGHT); i++) {
                favourites.add(entry);
            }
        }
    }

    Call next() {
        return call(one(favourites));
    }

    private Call call(Entry entry) {
        var call = Call.of(entry.name());
        for (var parameter : entry.parameters()) {
            if (!parameter.optional() || isUseful(entry.name(), parameter.name())) {
                call = call.with(parameter.name(), value(call, parameter));
            }
        }
        return call;
    }

    private boolean isUseful(String action, String parameter) {
        return switch (parameter) {
            case "argsz", "arg", "reserved", "data_ptr", "entry_len", "data_len", "entry_num" ->
                    random.nextInt(40) == 0;
            case "flags" -> FLAGS.containsKey(action) || random.nextInt(40) == 0;
            case "iova", "data", "fault_id", "ioas_id" -> random.nextInt(4) > 0;
            case "data_type" -> random.nextBoolean();
            default -> random.nextInt(3) == 0;
        };
    }

    /// What a call returned may be said again.
    void learn(Answer answer) {
        answer.returns()
                .forEach((field, value) -> {
                    if (value instanceof Value.Word) {
                        var known = returned.computeIfAbsent(field, _ -> new ArrayList<>());
                        known.add(value.toString());
                        if (known.size() > REMEMBERED) {
                            known.remove(random.nextInt(known.size()));
                        }
                    }
                });
    }

    // ---- arguments

    private String value(Call call, Parameter parameter) {
        var action = call.name();
        var name = parameter.name();
        if (name.equals("flags")) {
            return one(FLAGS.getOrDefault(action, List.of("0", "1")));
        }
        if (name.equals("type")) {
            return one(TYPES.getOrDefault(action, List.of("0")));
        }
        if (WORDS.containsKey(name)) {
            return one(WORDS.get(name));
        }
        var live = random.nextInt(25) == 0 ? List.<String>of() : live(call, name);
        if (!live.isEmpty()) {
            return one(live);
        }
        var found = returned.getOrDefault(name, List.of());
        if (!found.isEmpty() && random.nextInt(10) > 0) {
            return one(found);
        }
        return switch (parameter.type()) {
            case NUMBER -> number(name);
            case ADDRESS -> name.endsWith("va") ? "buf+0x%x".formatted(page()) : address();
            case WORD, HANDLE -> word(name);
            case BOOLEAN -> Boolean.toString(random.nextBoolean());
            case WORDS -> "[]";
            case FIELDS -> fields(name);
            case LIST -> list(name);
        };
    }

    /// What there is now that an argument may name.
    private List<String> live(Call call, String name) {
        var action = call.name();
        if (name.equals("id") || OBJECTS.containsKey(name)) {
            return objects(call, OBJECTS.getOrDefault(name, List.of()));
        }
        if (!HANDLES.containsKey(name)) {
            return List.of();
        }
        var kind =
                action.contains(".fault_")
                        ? "fault"
                        : action.contains(".veventq_") ? "veventq" : one(HANDLES.get(name));
        return kernel.files().all().stream()
                .map(OpenFile::handle)
                .filter(handle -> handle.matches(kind + "[0-9]+"))
                .toList();
    }

    /// Numbers of objects of one of these types; of any if none is named.
    private List<String> objects(Call call, List<String> types) {
        var type = types.isEmpty() ? "" : one(types);
        var of = call.arguments().get("iommufd");
        return kernel.files().all().stream()
                .filter(file -> of == null || file.handle().equals(of))
                .filter(Iommufd.class::isInstance)
                .flatMap(file -> ((Iommufd) file).objects().stream())
                .filter(object -> type.isEmpty() || object.type().equals(type))
                .map(object -> Integer.toString(object.id()))
                .toList();
    }

    private String word(String name) {
        return switch (name) {
            case "device" ->
                    random.nextInt(12) == 0 ? "mdev0" : "dev" + (char) ('A' + random.nextInt(4));
            case "process" -> "p" + random.nextInt(12) / 10;
            case "range" -> "buf+0x%x".formatted(page());
            default -> "bad";
        };
    }

    private long page() {
        return 0x1000L * random.nextInt(12);
    }

    private String address() {
        return "0x%x".formatted(0x100_0000 + page() + (random.nextInt(12) == 0 ? 0x800 : 0));
    }

    private String number(String name) {
        return switch (name) {
            case "iova", "start", "src_iova", "dst_iova", "addr", "gva", "gpa", "vaddr" ->
                    address();
            case "length", "size" ->
                    Integer.toString(
                            random.nextInt(20) == 0 ? 0x800 : 0x1000 * (1 + random.nextInt(4)));
            case "page_size" -> "0x1000";
            case "group" -> Integer.toString(1 + random.nextInt(3));
            case "virt_id" -> Integer.toString(0x99 + random.nextInt(3));
            case "count_bytes" -> Integer.toString(40 * random.nextInt(5));
            default -> Integer.toString(random.nextInt(4));
        };
    }

    private String fields(String name) {
        var table = returned.getOrDefault("pt", List.of("1"));
        if (name.equals("data") && random.nextInt(3) == 0) {
            return "{ste=[0x%x, 2]}"
                    .formatted(
                            random.nextBoolean()
                                    ? 0x7800_7ff0_0000_101bL + page()
                                    : 1 + 2L * random.nextInt(8));
        }
        return name.equals("data") && random.nextBoolean()
                ? "{pgtbl=%s, addr_width=48}".formatted(one(table))
                : "{iotlb=0xbadbeef}";
    }

    private String list(String name) {
        return switch (name) {
            case "responses" -> "[{cookie=%d, code=success}]".formatted(1 + random.nextInt(3));
            case "ranges" -> random.nextBoolean() ? "[]" : "[{start=0x2000000, last=0x2ffffff}]";
            case "entries" -> random.nextInt(4) == 0 ? "[{cmd=[0x30, 0]}]" : entries();
            default -> entries();
        };
    }

    private String entries() {
        return "[{flags=0, vdev_id=%d, cache_id=%d, iotlb_id=1, addr=%s, npages=1}]"
                .formatted(0x99 + random.nextInt(3), random.nextInt(5), address());
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}
