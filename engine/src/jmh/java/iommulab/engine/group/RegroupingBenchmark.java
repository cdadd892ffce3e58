package iommulab.engine.group;

import iommulab.engine.pci.Acs;
import iommulab.engine.pci.PciAddress;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/// How long after an ACS edit are all groups, with all their reasons, there again? Multifunction cards
/// below root ports, every second port and every third function isolated; the edit toggles one port.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=RegroupingBenchmark`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class RegroupingBenchmark {
    private static final PciAddress PORT = PciAddress.parse("00:00.0");

    /// Functions, not counting the root ports.
    @Param({"1536", "9984"})
    public int functions;

    private GroupFacts facts;
    private int control;

    @Setup
    public void draw() {
        var lab = GroupLab.machine();
        for (int port = 0; port < functions / 256; port++) {
            String name = "00:%02x.%x".formatted(port & 0x1f, port >>> 5);
            lab.rootPort(name, port + 1).acs(GroupLab.ALL, port % 2 == 0 ? GroupLab.ALL : 0);
            for (int devfn = 0; devfn < 256; devfn++) {
                lab.endpoint("%02x:%02x.%x".formatted(port + 1, devfn >>> 3, devfn & 7), name);
                if (devfn % 3 == 0) {
                    lab.isolated();
                }
            }
        }
        facts = lab.facts();
    }

    /// The edit itself included.
    @Benchmark
    public Grouping regroupAfterAcsEdit() {
        control ^= Acs.REQUEST_REDIRECT;
        var topology = facts.topology();
        var port = topology.get(PORT);
        var acs = Acs.of(port.config()).orElseThrow();
        var edited =
                topology.with(port.withConfig(acs.write(port.config(), GroupLab.ALL ^ control)));
        return LinuxGroups.of(facts.with(edited));
    }
}
