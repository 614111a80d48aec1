"""Polish. Predicates are in the present tense, which knows no gender; leads stand before, tails behind."""

DECIMAL, GROUP = ",", "\u00a0"
MONEY = "{m} zł"
MONTHS = ("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia").split()
DATE = "{day} {month} {year} r."
NAMES = ("Agnieszka Wrona", "Piotr Zieliński", "Małgorzata Sikora", "Łukasz Dąbrowski", "Ewa Górska", "Marek Wójcik",
         "Zofia Kaczmarek", "Tomasz Żak", "Hanna Bąk", "Michał Jabłoński", "Iwona Świątek", "Jan Kozłowski")
CITIES = ("Łódź", "Gdańsk", "Opole", "Toruń", "Kielce", "Rzeszów", "Poznań", "Radom", "Elbląg", "Słupsk")
FIRMS = ("Zakłady Wiślane", "Papiernia Odra", "Wodociągi Północ", "Optyka Śląska", "Spedycja Bałtyk")
LEADS = ("W roku {year}", "Do końca {month}", "Po raz pierwszy od {year} roku", "Po analizie {n} akt",
         "W drugim kwartale", "Mimo wyższych cen", "Wbrew prognozie", "Od {date}", "Według najnowszych danych",
         "Po dwóch opóźnieniach", "Jak w latach ubiegłych", "W ramach planu", "Jesienią", "Zgodnie z umową",
         "W badaniu na próbie {n} gospodarstw", "Na początku {month}")
SUBJECTS = ("zarząd", "dział finansowy", "biuro regionalne", "warsztat", "grupa robocza", "dostawca", "laboratorium",
            "komitet audytu", "nowy zakład", "dział transportu", "rada gminy", "partner z miasta {city}",
            "ośrodek szkoleniowy", "zespół badawczy", "magazyn", "dział sprzedaży", "grono ekspertów",
            "biuro projektu", "obsługa klienta", "oddział północny", "pracownia projektowa", "ministerstwo",
            "biblioteka", "spółdzielnia")
PREDICATES = ("zatwierdza budżet na rok {year}", "obniża koszty o {p} procent", "tworzy {n} nowych stanowisk",
              "publikuje raport o zużyciu wody", "wymienia {n} starszych maszyn", "przenosi akta do jednego archiwum",
              "osiąga cel z roku {year}", "szkoli {n} pracowników na miejscu", "zgłasza stratę {m} tysięcy złotych",
              "podpisuje umowę z nową firmą", "zbiera {n} próbek wzdłuż rzeki",
              "skraca czas oczekiwania z {k} dni do dwóch",
              "zamawia drugą opinię przed dalszymi krokami", "sprawdza każdą fakturę powyżej {m} złotych",
              "nie znajduje usterki w liczniku", "powiększa magazyn do {n} metrów kwadratowych",
              "zwraca {n} niepełnych formularzy", "tworzy rezerwę na naprawy",
              "odpowiada na pytania w ciągu {k} dni roboczych", "odkłada decyzję do {month}",
              "notuje wzrost o {p} procent", "zmienia harmonogram dostaw", "bada zawór pod ciśnieniem {k} barów",
              "porównuje wyniki z danymi z roku {year}", "utrzymuje cenę usługi podstawowej",
              "ogłasza nowego koordynatora ({name})", "zamyka mniejszy z dwóch oddziałów",
              "zaprasza mieszkańców do oceny projektu")
TAILS = ("czyli o {p} procent więcej niż w planie", "choć pogoda pozostaje trudna",
         "a skutki widać po kilku tygodniach",
         "co potwierdza protokół z {date}", "ponieważ popyt jest stały",
         "podczas gdy gdzie indziej zmienia się niewiele",
         "tak że prace trwają dalej", "bez dodatkowego personelu", "nawet przy ograniczonym dostępie",
         "co wyjaśnia lukę w danych", "jeszcze przed upływem terminu", "i nie ma żadnych skarg",
         "co cieszy wszystkich uczestników", "jak wynika z notatki ({name})")
HEADINGS = ("Wstęp", "Cel i zakres", "Tło", "Metoda", "Wyniki", "Dyskusja", "Najważniejsze dane", "Rynek i klienci",
            "Kadry i szkolenia", "Koszty i oszczędności", "Ryzyko", "Energia i woda", "Transport i logistyka",
            "Zapewnienie jakości", "Źródła danych", "Łańcuch dostaw", "Planowane inwestycje", "Perspektywy",
            "Bezpieczeństwo pracy", "Konserwacja", "Konsultacje społeczne", "Usługi cyfrowe", "Przegląd literatury",
            "Magazyny i archiwa", "Biura regionalne", "Zamówienia", "Doświadczenia", "Wnioski", "Finansowanie",
            "Monitorowanie", "Pytania otwarte", "Dalsze kroki")
TITLES = ("Roczny przegląd działalności", "Woda w rosnących miastach", "Raport o logistyce regionalnej",
          "Autobusy na terenach wiejskich", "Energia w budynkach publicznych", "Program i wyniki warsztatów",
          "Biuletyn jakości usług", "Badanie popytu sezonowego", "Podręcznik instalacji", "Wieści z dzielnicy")
ITEMS = ("Sprawdzić stan uszczelek", "Zapisać numer seryjny", "Wysłać podpisany formularz",
         "Nowa lista kontaktów alarmowych", "Części zamienne do pompy", "Przegląd otwartych faktur",
         "Wyłączyć zasilanie przed otwarciem", "Umyć filtr ciepłą wodą", "Uzgodnienie terminów dostaw",
         "Lepsze oświetlenie parkingu", "Dwa nowe stojaki na rowery", "Porównać odczyt z tabelą",
         "Przechowywać kopię przez {k} lat", "Szkolenie dla {n} wolontariuszy", "Dostęp dla wózków",
         "Zaczekać na zieloną lampkę", "Zmierzyć odległość dwa razy", "Krótsze kolejki w recepcji",
         "Zwrot w ciągu {k} dni", "Drukowane mapy dla gości", "Zamówić nowe wkłady", "Obejrzeć dach po ulewie",
         "Wymiana danych z partnerem", "Opisać każdy pojemnik datą", "Potwierdzić rezerwację ({name})",
         "Wykręcić dwie dolne śruby", "Ubezpieczenie sprzętu", "Powoli zamknąć zawór",
         "Zgłosić szkodę tego samego dnia", "Stałe godziny otwarcia latem", "Trzymać kabel z dala od ciepła",
         "Poprosić o przepustkę")
ROWS = ("Wynagrodzenia", "Surowce", "Czynsz", "Energia elektryczna", "Ubezpieczenia", "Podróże", "Reklama",
        "Amortyzacja", "Koszty prawne", "Licencje", "Sprzątanie", "Fracht", "Opakowania", "Odsetki", "Poczta",
        "Doradztwo", "Oprogramowanie", "Naprawy", "Paliwo", "Wyżywienie", "Druk", "Ochrona", "Szkolenia", "Telefon")
COLUMNS = ("Pozycja", "Region", "Razem", "Zmiana", "Udział", "Plan", "Wykonanie", "Poprzedni rok", "Jednostka", "Cena",
           "Kod", "Ilość", "Prognoza", "Różnica", "Uwagi", "Okres")
PRODUCTS = ("Lampka biurkowa", "Fotel biurowy", "Szafa na akta", "Biała tablica", "Niszczarka", "Wieszak",
            "Zegar ścienny", "Uchwyt monitora", "Drukarka etykiet", "Listwa kablowa", "Podnóżek", "Kosz na papier",
            "Tablica korkowa", "Dziurkacz", "Waga do listów", "Szuflada", "Podstawka", "Słuchawki",
            "Przedłużacz", "Rzutnik")
COLOURS = ("czarny", "biały", "szary", "buk", "orzech", "srebrny", "niebieski")
CAPTIONS = ("Koszty według rodzaju", "Dostawy według regionów", "Wyniki próby terenowej", "Liczba wizyt",
            "Średni czas oczekiwania w dniach", "Pomiary i wartości graniczne", "Budżet i wykonanie",
            "Odpowiedzi według wieku", "Stan na koniec okresu", "Zużycie według budynków")
QUESTIONS = ("Jak zmienić adres?", "Kiedy biuro jest czynne?", "Czy mogę zwrócić towar?",
             "Ile kosztuje usługa podstawowa?", "Kto naprawia zepsuty licznik?", "Jak długo ważny jest bilet?",
             "Czy trzeba się umówić?", "Gdzie można zaparkować?", "Czy jest zniżka dla studentów?",
             "Co się stanie przy opóźnieniu wpłaty?", "Jak przechowywane są dane?", "Czy mogę zabrać gościa?",
             "Jakie dokumenty są potrzebne?", "Jak wypowiedzieć umowę?")
NOTES = ("Dane wstępne za rok {year}.", "Zob. protokół z {date}, punkt {k}.",
         "W zaokrągleniu do tysięcy; sumy mogą się różnić.", "Informacja ustna: {name}, {date}.",
         "Bez oddziału {city}.", "Na podstawie {n} ankiet.", "Bez podatku.", "Szereg zmieniony w roku {year}.")
WORDS = {"table": "Tabela", "figure": "Rysunek", "page": "Strona", "of": "z", "total": "Razem",
         "abstract": "Streszczenie", "references": "Literatura", "note": "Uwaga", "contents": "Spis treści",
         "confidential": "Do użytku wewnętrznego", "minutes": "Protokół zebrania", "date": "Data",
         "place": "Miejsce", "chair": "Przewodniczy", "present": "Obecni", "absent": "Nieobecni", "time": "Godzina",
         "actions": "Zadania", "item": "Zadanie", "responsible": "Odpowiada", "due": "Termin", "price": "Cena",
         "code": "Kod", "name": "Nazwa", "continued": "ciąg dalszy", "keywords": "Słowa kluczowe", "issue": "Numer",
         "sincerely": "Z poważaniem", "dear": "Dzień dobry,", "subtotal": "Suma częściowa",
         "income": "Przychody", "expenses": "Koszty", "assets": "Aktywa", "liabilities": "Pasywa",
         "result": "Wynik roku", "notes": "Uwagi", "thousand": "w tysiącach", "change": "Zmiana",
         "agenda": "Porządek obrad"}
