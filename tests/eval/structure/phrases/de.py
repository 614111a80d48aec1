"""German. The lead comes first, so the verb (before the bar of a predicate) stands before the subject."""

DECIMAL, GROUP = ",", "."
MONEY = "{m} €"
MONTHS = ("Januar Februar März April Mai Juni Juli August September Oktober November Dezember").split()
DATE = "{day}. {month} {year}"
NAMES = ("Anke Vogel", "Jürgen Brandt", "Sabine Köhler", "Matthias Lüders", "Friederike Ahrens", "Uwe Petersen",
         "Claudia Weiß", "Holger Stein", "Birgit Schäfer", "Norbert Engel", "Katrin Böhm", "Dieter Krause")
CITIES = ("Bremen", "Kassel", "Ulm", "Erfurt", "Lübeck", "Mainz", "Potsdam", "Trier", "Bochum", "Görlitz")
FIRMS = ("Nordlicht Technik", "Weserwerke", "Hansa Papier", "Brenner &amp; Söhne", "Optik Südwest")
LEADS = ("Im Jahr {year}", "Bis Ende {month}", "Zum ersten Mal seit {year}", "Nach der Prüfung von {n} Akten",
         "Im zweiten Quartal", "Wie in {city} vereinbart", "Trotz höherer Preise", "Entgegen der Prognose",
         "Seit dem {date}", "Nach den neuesten Zahlen", "Nach zwei Verzögerungen", "Wie in den Vorjahren",
         "Bei einer Umfrage unter {n} Haushalten", "Mit Unterstützung aus {city}", "Im Herbst", "Im Rahmen der Planung")
SUBJECTS = ("der Vorstand", "die Buchhaltung", "das Regionalbüro", "die Werkstatt", "die Arbeitsgruppe",
            "der Lieferant", "das Labor", "der Prüfungsausschuss", "das neue Werk", "die Verkehrsabteilung",
            "der Gemeinderat", "unser Partner in {city}", "das Schulungszentrum", "die Forschungsstelle", "das Lager",
            "der Vertrieb", "ein Kreis von Fachleuten", "das Projektbüro", "der Kundendienst",
            "die Niederlassung Nord", "das Planungsbüro", "das Ministerium", "die Bibliothek", "die Genossenschaft")
PREDICATES = ("genehmigte|den Haushalt für {year}", "senkte|die eigenen Kosten um {p} Prozent",
              "schuf|{n} neue Stellen", "veröffentlichte|einen Bericht über den Wasserverbrauch",
              "ersetzte|{n} der älteren Maschinen", "verlegte|die Unterlagen in ein gemeinsames Archiv",
              "erreichte|das Ziel aus dem Jahr {year}", "schulte|{n} Beschäftigte vor Ort",
              "meldete|einen Verlust von {m} Tausend", "schloss|einen Vertrag mit einer Firma aus {city}",
              "sammelte|{n} Proben entlang des Flusses", "verkürzte|die Wartezeit von {k} Tagen auf zwei",
              "verlangte|vor dem nächsten Schritt ein zweites Gutachten", "prüfte|jede Rechnung über {m} Euro",
              "fand|keinen Hinweis auf einen Fehler am Zähler", "erweiterte|die Lagerfläche auf {n} Quadratmeter",
              "schickte|{n} unvollständige Formulare zurück", "bildete|eine Rücklage für Reparaturen",
              "beantwortete|die meisten Fragen binnen {k} Werktagen", "vertagte|die Entscheidung auf {month}",
              "verzeichnete|einen Anstieg um {p} Prozent", "änderte|den Zeitplan der Lieferungen",
              "testete|das Ventil bei einem Druck von {k} bar", "verglich|die Ergebnisse mit denen von {year}",
              "hielt|den Preis für die Grundleistung stabil", "ernannte|{name} zur Koordination",
              "lud|die Anwohner zu Stellungnahmen ein", "übergab|den Schlüssel an die Verwaltung")
TAILS = ("was {p} Prozent mehr war als geplant", "obwohl das Wetter schwierig blieb",
         "und die Wirkung zeigte sich binnen Wochen", "wie das Protokoll vom {date} belegt",
         "weil die Nachfrage stabil war", "während sich andernorts wenig änderte",
         "sodass die Arbeit im {month} weitergehen konnte", "ohne zusätzliches Personal",
         "selbst bei eingeschränktem Zugang", "wie {name} erläuterte", "was die Lücke in der Reihe erklärt",
         "noch vor Ablauf der Frist", "und Beschwerden gab es keine", "was alle Beteiligten begrüßten")
HEADINGS = ("Einleitung", "Zweck und Geltung", "Hintergrund", "Vorgehen", "Ergebnisse", "Diskussion", "Kennzahlen",
            "Markt und Kunden", "Personal und Schulung", "Kosten und Einsparungen", "Risiken", "Energie und Wasser",
            "Verkehr und Logistik", "Qualitätssicherung", "Datenquellen", "Lieferkette", "Geplante Investitionen",
            "Ausblick", "Arbeitssicherheit", "Wartung", "Bürgerbeteiligung", "Digitale Dienste", "Verwandte Arbeiten",
            "Lager und Archive", "Regionalbüros", "Beschaffung", "Erfahrungen", "Fazit", "Finanzierung",
            "Überwachung", "Offene Fragen", "Nächste Schritte")
TITLES = ("Geschäftsbericht der Stadtwerke", "Wasserversorgung im Umland", "Bericht zur regionalen Logistik",
          "Busverkehr auf dem Land", "Energie in öffentlichen Gebäuden", "Ergebnisse der Werkstattgespräche",
          "Mitteilungen zur Servicequalität", "Eine Studie zur saisonalen Nachfrage", "Handbuch Gebäudetechnik",
          "Nachrichten aus dem Viertel")
ITEMS = ("Dichtungen auf Risse prüfen", "Seriennummer des Geräts notieren", "Unterschriebenes Formular einsenden",
         "Neue Liste der Notfallkontakte", "Ersatzteile für die Hauptpumpe", "Durchsicht offener Rechnungen",
         "Vor dem Öffnen die Zufuhr abschalten", "Filter mit warmem Wasser reinigen", "Absprache der Liefertermine",
         "Bessere Beleuchtung am Parkplatz", "Zwei neue Fahrradständer", "Messwert mit der Tabelle vergleichen",
         "Kopie mindestens {k} Jahre aufbewahren", "Schulung für {n} Freiwillige", "Barrierefreier Zugang",
         "Warten, bis die grüne Lampe leuchtet", "Abstand zweimal messen", "Kürzere Schlangen am Empfang",
         "Erstattung binnen {k} Tagen", "Gedruckte Karten für Gäste", "Neue Kartuschen bestellen",
         "Dach nach Starkregen prüfen", "Datenaustausch mit {city}", "Jeden Behälter mit dem Datum beschriften",
         "Buchung mit {name} abstimmen", "Die beiden unteren Schrauben lösen", "Versicherung für geliehene Geräte",
         "Ventil langsam schließen", "Schäden noch am selben Tag melden", "Feste Öffnungszeiten im Sommer",
         "Kabel fern von Wärme lagern", "Nach dem Besucherausweis fragen")
ROWS = ("Löhne und Gehälter", "Rohstoffe", "Miete", "Strom", "Versicherungen", "Reisekosten", "Werbung",
        "Abschreibungen", "Rechtskosten", "Lizenzen", "Reinigung", "Fracht", "Verpackung", "Zinsen", "Porto",
        "Beratung", "Software", "Reparaturen", "Treibstoff", "Bewirtung", "Druckkosten", "Sicherheit", "Schulung",
        "Telefon")
COLUMNS = ("Posten", "Region", "Summe", "Veränderung", "Anteil", "Plan", "Ist", "Vorjahr", "Einheit", "Preis",
           "Nummer", "Menge", "Prognose", "Abweichung", "Bemerkung", "Zeitraum")
PRODUCTS = ("Schreibtischlampe", "Bürostuhl", "Aktenschrank", "Weißwandtafel", "Aktenvernichter", "Garderobe",
            "Wanduhr", "Monitorarm", "Etikettendrucker", "Kabelkanal", "Fußstütze", "Papierkorb", "Pinnwand",
            "Locher", "Briefwaage", "Ablagekorb", "Notebookständer", "Kopfhörer", "Verlängerung", "Beamer")
COLOURS = ("schwarz", "weiß", "grau", "Buche", "Nussbaum", "silber", "blau")
CAPTIONS = ("Betriebskosten nach Art", "Lieferungen je Region", "Ergebnisse des Feldversuchs", "Zahl der Besuche",
            "Mittlere Wartezeit in Tagen", "Messwerte und Grenzen", "Plan und Ist im Vergleich",
            "Antworten nach Altersgruppe", "Bestand am Ende des Zeitraums", "Verbrauch je Gebäude")
QUESTIONS = ("Wie ändere ich meine Anschrift?", "Wann ist das Büro geöffnet?", "Kann ich Ware zurückgeben?",
             "Was kostet der Grundtarif?", "Wer repariert einen defekten Zähler?", "Wie lange gilt eine Karte?",
             "Brauche ich einen Termin?", "Wo kann ich parken?", "Gibt es einen Rabatt für Studierende?",
             "Was passiert bei Zahlungsverzug?", "Wie werden meine Daten gespeichert?", "Darf ich Gäste mitbringen?",
             "Welche Unterlagen werden verlangt?", "Wie kündige ich den Vertrag?")
NOTES = ("Zahlen für {year} vorläufig.", "Siehe Protokoll vom {date}, Punkt {k}.",
         "Auf volle Tausend gerundet; Summen können abweichen.", "Mündliche Auskunft von {name}, {date}.",
         "Ohne die Niederlassung {city}.", "Grundlage sind {n} ausgefüllte Bögen.", "Ohne Steuern und Abgaben.",
         "Die Reihe wurde {year} überarbeitet.")
WORDS = {"table": "Tabelle", "figure": "Abbildung", "page": "Seite", "of": "von", "total": "Summe",
         "abstract": "Zusammenfassung", "references": "Literatur", "note": "Hinweis", "contents": "Inhalt",
         "confidential": "Nur für den internen Gebrauch", "minutes": "Protokoll der Sitzung", "date": "Datum",
         "place": "Ort", "chair": "Leitung", "present": "Anwesend", "absent": "Entschuldigt", "time": "Uhrzeit",
         "actions": "Aufgaben", "item": "Aufgabe", "responsible": "Zuständig", "due": "Termin", "price": "Preis",
         "code": "Nummer", "name": "Bezeichnung", "continued": "Fortsetzung", "keywords": "Stichwörter",
         "issue": "Ausgabe", "sincerely": "Mit freundlichen Grüßen", "dear": "Guten Tag {name},",
         "subtotal": "Zwischensumme", "income": "Erträge", "expenses": "Aufwendungen", "assets": "Aktiva",
         "liabilities": "Passiva", "result": "Jahresergebnis", "notes": "Anmerkungen", "thousand": "in Tausend",
         "change": "Veränderung", "agenda": "Tagesordnung"}
