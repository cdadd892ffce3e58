package iommulab.engine.os.iommufd;

import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which domains a guest means by its own domain numbers. What the guest gives one number caches need not
/// tell apart: hardware knows it by one number, too. Source: kernel `struct guest_domain_mapping_info`.
final class GuestNumbers {
    private final Book<Integer, List<Integer>> domains;

    GuestNumbers(Ledger ledger) {
        domains = new Book<>(ledger);
    }

    /// A domain that a number stands for.
    Optional<Integer> find(int number) {
        return domains.find(number).map(List::getFirst);
    }

    /// A domain for each number.
    List<Integer> all() {
        return domains.all().values().stream().map(List::getFirst).toList();
    }

    void add(int number, int domain) {
        var known = new ArrayList<>(domains.find(number).orElse(List.of()));
        known.add(domain);
        domains.set(number, List.copyOf(known));
    }

    void remove(int number, int domain) {
        var left =
                domains.find(number).orElse(List.of()).stream()
                        .filter(known -> known != domain)
                        .toList();
        if (left.isEmpty()) {
            domains.remove(number);
        } else {
            domains.set(number, left);
        }
    }
}
