package iommulab.engine.session;

import iommulab.engine.group.Group;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// How the functions of a machine are wired and grouped now, and what follows when that changes: groups
/// that stay keep their domains, requests take other ways. One engine thread owns it.
final class Regrouping {
    private final Machine machine;
    private final Map<PciAddress, ConfigSpace> followed = new HashMap<>();
    private Wiring wiring;

    Regrouping(Machine machine, Wiring wiring) {
        this.machine = machine;
        this.wiring = wiring;
    }

    Wiring wiring() {
        return wiring;
    }

    /// The wiring of an earlier instant; [#follow] comes when everything else is as it was then.
    void restore(Wiring then) {
        wiring = then;
    }

    /// Gives a group its default domain.
    void addGroup(Group group) throws MappingRefused {
        var unit = machine.unitOf(group);
        if (unit != null && unit.isEmulated()) {
            machine.domains.groups.add(group, unit.number(), wiring.requesters(group));
        }
    }

    /// The parts on the path of requests follow the wiring.
    void follow() {
        followRegisters();
        machine.path.rewire(wiring.fabric(), emulatedUnitOf());
        machine.traffic.forgetWays();
    }

    /// Functions have a TLB in use while their ATS registers say so.
    private void followRegisters() {
        var functions = wiring.topology().functions();
        for (var function : functions) {
            var address = function.address();
            boolean changed = followed.put(address, function.config()) != function.config();
            if (changed || machine.deviceTlbs.find(address).isPresent()) {
                var unit = wiring.unitOf().get(address);
                machine.deviceTlbs.follow(
                        function,
                        unit == null || !machine.units.get(unit).isEmulated()
                                ? null
                                : machine.units.get(unit),
                        wiring.fabric().requesterId(address).raw());
            }
        }
        if (followed.size() > functions.size()) {
            var known = functions.stream().map(PciFunction::address).collect(Collectors.toSet());
            followed.keySet().retainAll(known);
            machine.deviceTlbs.keepOnly(known);
        }
    }

    private Map<PciAddress, Integer> emulatedUnitOf() {
        return wiring.unitOf().entrySet().stream()
                .filter(entry -> machine.units.get(entry.getValue()).isEmulated())
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /// Other functions, or other configuration bytes: regroups at once. Groups that are the same keep
    /// their domains; a group that is new stays in the domain that all its members were in before, if
    /// that was one that a user made.
    void change(Wiring next) throws MappingRefused {
        var before = wiring;
        var formed = new HashSet<>(next.grouping().groups());
        var stays = new HashSet<Integer>();
        for (var old : before.grouping().groups()) {
            boolean same =
                    formed.contains(old)
                            && next.requesters(old)
                                    .equals(machine.domains.groups.requestersOf(old.id()));
            if (same) {
                stays.add(old.id());
            }
        }
        var userDomains = userDomainsByFunction();
        for (var old : before.grouping().groups()) {
            if (!stays.contains(old.id())
                    && !machine.domains.groups.requestersOf(old.id()).isEmpty()) {
                machine.domains.groups.remove(old.id());
            }
        }
        wiring = next;
        for (var group : next.grouping().groups()) {
            if (!stays.contains(group.id())) {
                addGroup(group);
                var shared = new TreeSet<Integer>();
                group.members().forEach(m -> shared.add(userDomains.getOrDefault(m, -1)));
                if (shared.size() == 1 && shared.first() >= 0) {
                    machine.domains.groups.move(
                            group.id(), machine.domains.require(shared.first()));
                }
            }
        }
        follow();
        tellKernel();
    }

    private void tellKernel() throws MappingRefused {
        try {
            machine.kernel().devices().discoverAgain();
        } catch (CallFailed failed) {
            throw new MappingRefused(failed.errno(), failed.rule());
        }
    }

    private Map<PciAddress, Integer> userDomainsByFunction() {
        var found = new HashMap<PciAddress, Integer>();
        for (var group : wiring.grouping().groups()) {
            machine.domains
                    .groups
                    .domainOf(group.id())
                    .filter(domain -> domain.identity().byUser())
                    .ifPresent(domain -> group.members().forEach(m -> found.put(m, domain.id())));
        }
        return found;
    }

    /// Other facts about a function that change no group, such as its driver.
    void replaceFunction(PciFunction function) {
        wiring =
                new Wiring(
                        wiring.facts().with(wiring.topology().with(function)),
                        wiring.grouping(),
                        wiring.fabric(),
                        wiring.unitOf());
        follow();
    }
}
