package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.os.Kernel;
import iommulab.engine.os.Software;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.device.DeviceTraits;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PciTopology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// A machine with one IOMMU and some devices that VFIO has, and its kernel, which is called in the words of
/// its vocabulary. Devices are named `devA`, `devB` …, each alone in its group unless two share one.
public final class KernelLab {
    private static final String USUAL = "intel_iommu=on,sm_on";
    private static final DeviceTraits ABLE =
            new DeviceTraits(
                    Optional.of(20),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(true),
                    List.of());

    private final Machine machine;

    private KernelLab(Machine machine) {
        this.machine = machine;
    }

    /// @param groups how many devices each group has
    public static KernelLab of(Architecture architecture, int... groups) {
        return of(architecture, ProcessDescription.USUAL, groups);
    }

    public static KernelLab of(
            Architecture architecture, List<ProcessDescription> processes, int... groups) {
        var all = new ArrayList<List<Device>>();
        char letter = 'A';
        for (int members : groups) {
            var group = new ArrayList<Device>();
            for (int member = 0; member < members; member++) {
                group.add(Device.of("dev" + letter++));
            }
            all.add(group);
        }
        return of(architecture, processes, false, all);
    }

    /// A device of the machine.
    ///
    /// @param driver that it is bound to; empty for none
    public record Device(String name, String driver, DeviceTraits traits) {
        /// One that VFIO has, and that can do everything.
        public static Device of(String name) {
            return new Device(name, "vfio-pci", ABLE);
        }

        /// The same with another driver.
        public Device with(String otherDriver) {
            return new Device(name, otherDriver, traits);
        }

        /// One whose requests cannot be forced to snoop CPU caches.
        public Device withoutSnooping() {
            return with(
                    traits.pasidBits(),
                    Optional.of(false),
                    traits.isolatedMsi(),
                    traits.reserved());
        }

        /// One that can raise interrupts of others.
        public Device withoutIsolation() {
            return with(
                    traits.pasidBits(),
                    traits.enforcesCoherency(),
                    Optional.of(false),
                    traits.reserved());
        }

        /// One with PASIDs of another width.
        public Device withPasidBits(int bits) {
            return with(
                    Optional.of(bits),
                    traits.enforcesCoherency(),
                    traits.isolatedMsi(),
                    traits.reserved());
        }

        /// One with addresses that cannot be mapped.
        public Device withReserved(ReservedRange range) {
            return with(
                    traits.pasidBits(),
                    traits.enforcesCoherency(),
                    traits.isolatedMsi(),
                    List.of(range));
        }

        private Device with(
                Optional<Integer> pasidBits,
                Optional<Boolean> snoop,
                Optional<Boolean> isolated,
                List<ReservedRange> reserved) {
            return new Device(
                    name,
                    driver,
                    new DeviceTraits(
                            pasidBits,
                            snoop,
                            traits.cacheCoherent(),
                            isolated,
                            traits.tracksDirty(),
                            traits.virtualFunction(),
                            traits.pageRequests(),
                            reserved));
        }
    }

    /// @param proposals whether calls exist that Linux never got
    public static KernelLab of(
            Architecture architecture,
            List<ProcessDescription> processes,
            boolean proposals,
            List<List<Device>> groups) {
        return of(List.of(architecture.unit()), USUAL, processes, proposals, groups);
    }

    /// A machine whose kernel was told something more.
    public static KernelLab told(String commandLine, Architecture architecture, Device... devices) {
        return told(List.of(architecture.unit()), commandLine, devices);
    }

    /// A machine that has no IOMMU.
    public static KernelLab withoutIommu(String commandLine, Device... devices) {
        return told(List.of(), commandLine, devices);
    }

    private static KernelLab told(List<IommuUnit> units, String commandLine, Device... devices) {
        return of(
                units,
                USUAL + " " + commandLine,
                ProcessDescription.USUAL,
                false,
                Arrays.stream(devices).map(List::of).toList());
    }

    private static KernelLab of(
            List<IommuUnit> units,
            String commandLine,
            List<ProcessDescription> processes,
            boolean proposals,
            List<List<Device>> groups) {
        var functions = new ArrayList<PciFunction>();
        var names = new HashMap<String, PciAddress>();
        var traits = new HashMap<PciAddress, DeviceTraits>();
        functions.add(function(new PciAddress(0, 0, 0, 0), 0x060000, false, Optional.empty()));
        for (int group = 0; group < groups.size(); group++) {
            var members = groups.get(group);
            for (int member = 0; member < members.size(); member++) {
                var device = members.get(member);
                var address = new PciAddress(0, 0, group + 1, member);
                names.put(device.name(), address);
                traits.put(address, device.traits());
                functions.add(
                        function(
                                address,
                                0x120000,
                                members.size() > 1,
                                Optional.of(device.driver()).filter(name -> !name.isEmpty())));
            }
        }
        try {
            return new KernelLab(
                    Machine.powerOn(
                            new MachineDescription(
                                    "lab",
                                    "test",
                                    "",
                                    "7.2.0",
                                    commandLine,
                                    new PciTopology(functions),
                                    AcpiTables.NONE,
                                    units,
                                    new AddressMap(List.of()),
                                    Set.of(),
                                    Map.of(),
                                    List.of(),
                                    new Software(names, traits, processes, proposals))));
        } catch (CommandRefused refused) {
            throw new IllegalStateException(refused);
        }
    }

    /// An endpoint of the root complex that can do everything: PASIDs of 20 bits, ATS, page requests.
    private static PciFunction function(
            PciAddress address, int classCode, boolean multifunction, Optional<String> driver) {
        var config =
                ConfigSpace.of(new byte[4096])
                        .with(0x00, 4, 0x0005_1b36)
                        .with(0x04, 4, 0x0010_0006)
                        .with(0x08, 4, classCode << 8)
                        .with(0x0e, 1, multifunction ? 0x80 : 0)
                        .with(0x34, 1, 0x40)
                        .with(0x40, 4, 0x0092_8010)
                        .with(0x80, 4, 0x0080_0005)
                        .with(0x100, 4, 0x1101_001b)
                        .with(0x104, 4, 0x1400)
                        .with(0x110, 4, 0x1201_000f)
                        .with(0x114, 4, 0x20)
                        .with(0x120, 4, 0x0001_0013)
                        .with(0x124, 4, 0x100_0000)
                        .with(0x128, 4, 64)
                        .with(0x12c, 4, 64);
        return new PciFunction(
                address,
                Optional.empty(),
                config,
                new PciIds(0x1b36, 0x0005, 0, 0, classCode, 0),
                Optional.empty(),
                List.of(),
                driver,
                OptionalInt.empty());
    }

    Machine machine() {
        return machine;
    }

    public Kernel kernel() {
        return machine.kernel();
    }

    /// Hash of kernel, hardware and memory.
    public long stateHash() {
        return machine.stateHash();
    }

    // ---- calls

    /// Makes a call, such as `iommufd.destroy(iommufd=iommufd1, id=3)`.
    public Answer call(String call, Object... values) {
        try {
            var command = new Command.KernelCall(Call.parse(call.formatted(values)));
            return ((Outcome.Answered) machine.apply(command)).answer();
        } catch (CommandRefused refused) {
            return refused.answer()
                    .orElseGet(() -> fail("%s: %s", call.formatted(values), refused.reason()));
        }
    }

    /// Makes a call that succeeds.
    public Answer ok(String call, Object... values) {
        var answer = call(call, values);
        assertThat(answer.errno()).as("%s: %s", call.formatted(values), answer.rule()).isEmpty();
        return answer;
    }

    /// Makes a call that succeeds.
    ///
    /// @return the first field that it returns
    public String first(String call, Object... values) {
        return ok(call, values).returns().firstEntry().getValue().toString();
    }

    /// Makes a call that is answered with an errno, with a sentence that says why.
    public Answer refused(String errno, String call, Object... values) {
        var answer = call(call, values);
        assertThat(answer.errno())
                .as("%s: %s", call.formatted(values), answer.rule())
                .isEqualTo(errno);
        assertThat(answer.rule()).as("the rule that decided").endsWith(".");
        return answer;
    }

    /// A command of the bench.
    void bench(Command command) {
        try {
            machine.apply(command);
        } catch (CommandRefused refused) {
            fail("%s: %s", CommandText.of(command), refused.reason());
        }
    }

    // ---- an IOMMUFD with a device

    /// A device file that is bound to an IOMMUFD.
    ///
    /// @param cdev handle of the device file
    /// @param id number of the device in the IOMMUFD
    public record Bound(String cdev, String id) {}

    public String iommufd() {
        return first("iommufd.open()");
    }

    public Bound bind(String iommufd, String device) {
        var cdev = first("vfio.cdev_open(device=%s)", device);
        return new Bound(cdev, first("vfio.cdev_bind(cdev=%s, iommufd=%s)", cdev, iommufd));
    }

    public String ioas(String iommufd) {
        return first("iommufd.ioas_alloc(iommufd=%s)", iommufd);
    }

    /// A table that others can be nested on.
    public String parent(String iommufd, Bound device, String ioas) {
        return first(
                "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[nest_parent])",
                iommufd, device.id(), ioas);
    }

    /// A table of a guest, on a parent or on a virtual IOMMU of the self-test.
    public String nested(String iommufd, Bound device, String support) {
        return first(
                "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[], data_type=selftest,"
                        + " data={iotlb=0xbadbeef})",
                iommufd, device.id(), support);
    }

    public void attach(Bound device, String table) {
        ok("vfio.cdev_attach(cdev=%s, pt_id=%s)", device.cdev(), table);
    }

    /// The first field of that name in a list of fields that was returned.
    public static String field(Answer answer, String list, int item, String name) {
        var items = ((Value.Items) answer.returns().get(list)).items();
        return ((Value.Fields) items.get(item)).fields().get(name).toString();
    }
}
