"""French. A subject and a predicate make a sentence; leads stand before, tails behind."""

DECIMAL, GROUP = ",", "\u00a0"
MONEY = "{m} €"
MONTHS = ("janvier février mars avril mai juin juillet août septembre octobre novembre décembre").split()
DATE = "{day} {month} {year}"
NAMES = ("Claire Fontaine", "Étienne Moreau", "Nathalie Girard", "Hugo Lemaire", "Sophie Dubois", "Rémi Caron",
         "Élodie Perrin", "Jacques Noël", "Camille Rousset", "Laurent Béranger", "Inès Chauvin", "Paul Garnier")
CITIES = ("Nantes", "Dijon", "Reims", "Angers", "Brest", "Limoges", "Tours", "Metz", "Nîmes", "Rouen")
FIRMS = ("Ateliers du Rhône", "Papeteries Girod", "Eaux de l'Ouest", "Optique Lumen", "Fret Atlantique")
LEADS = ("En {year}", "À la fin de {month}", "Pour la première fois depuis {year}", "Après l'examen de {n} dossiers",
         "Au deuxième trimestre", "Comme convenu à {city}", "Malgré la hausse des prix",
         "Contrairement aux prévisions", "Depuis le {date}", "Selon les derniers chiffres",
         "À la suite de deux retards", "Comme les années précédentes", "Avec l'appui de la ville de {city}",
         "Sur les conseils de {name}", "À l'automne", "Dans le cadre du plan")
SUBJECTS = ("la direction", "le service comptable", "le bureau régional", "l'équipe d'entretien",
            "le groupe de travail", "le fournisseur", "le laboratoire", "le comité d'audit", "la nouvelle usine",
            "le service des transports", "le conseil municipal", "notre partenaire de {city}",
            "le centre de formation", "l'unité de recherche", "l'entrepôt", "la division des ventes",
            "un groupe d'experts", "le bureau de projet", "le service client", "l'agence du nord",
            "le bureau d'études", "le ministère", "la bibliothèque", "la coopérative")
PREDICATES = ("a approuvé le budget {year}", "a réduit ses coûts de {p} %", "a créé {n} nouveaux postes",
              "a publié un rapport sur la consommation d'eau", "a remplacé {n} machines anciennes",
              "a transféré ses dossiers vers une archive unique", "a atteint l'objectif fixé en {year}",
              "a formé {n} salariés sur place", "a signalé une perte de {m} milliers d'euros",
              "a signé un contrat avec une entreprise de {city}", "a recueilli {n} échantillons le long du fleuve",
              "a ramené le délai d'attente de {k} jours à deux", "a demandé un second avis avant de poursuivre",
              "a vérifié chaque facture supérieure à {m} euros", "n'a trouvé aucun défaut sur le compteur",
              "a porté la surface de stockage à {n} mètres carrés", "a renvoyé {n} formulaires incomplets",
              "a constitué une réserve pour les réparations",
              "a répondu à la plupart des questions en {k} jours ouvrés", "a reporté la décision au mois de {month}",
              "a enregistré une hausse de {p} %", "a modifié le calendrier des livraisons",
              "a testé la vanne sous une pression de {k} bars", "a comparé les résultats avec ceux de {year}",
              "a maintenu le prix du service de base", "a confié la coordination à {name}",
              "a fermé le plus petit de ses deux sites à {city}", "a invité les habitants à commenter le projet")
TAILS = ("soit {p} % de plus que prévu", "malgré une météo difficile", "et l'effet a été visible en quelques semaines",
         "comme le montre le procès-verbal du {date}", "car la demande est restée stable",
         "alors que les autres régions ont peu changé", "de sorte que les travaux ont repris en {month}",
         "sans personnel supplémentaire", "même là où l'accès était limité", "comme l'a expliqué {name}",
         "ce qui explique la rupture de la série", "avant la fin du délai", "et aucune plainte n'a été reçue",
         "ce dont chacun s'est félicité")
HEADINGS = ("Introduction", "Objet et portée", "Contexte", "Méthode", "Résultats", "Discussion", "Chiffres clés",
            "Marché et clients", "Personnel et formation", "Coûts et économies", "Risques", "Énergie et eau",
            "Transport et logistique", "Assurance qualité", "Sources des données", "Chaîne d'approvisionnement",
            "Investissements prévus", "Perspectives", "Sécurité au travail", "Entretien", "Consultation publique",
            "Services numériques", "Travaux antérieurs", "Stockage et archives", "Bureaux régionaux", "Achats",
            "Enseignements", "Conclusion", "Financement", "Suivi", "Questions ouvertes", "Prochaines étapes")
TITLES = ("Rapport d'activité annuel", "L'eau dans les villes en croissance", "Logistique régionale : état des lieux",
          "Les autobus en milieu rural", "L'énergie dans les bâtiments publics", "Programme et bilan des ateliers",
          "Bulletin de la qualité du service", "Étude de la demande saisonnière", "Manuel des installations",
          "Nouvelles du quartier")
ITEMS = ("Vérifier l'état des joints", "Noter le numéro de série", "Envoyer le formulaire signé",
         "Mise à jour des contacts d'urgence", "Pièces de rechange pour la pompe", "Examen des factures en attente",
         "Couper l'alimentation avant d'ouvrir le capot", "Nettoyer le filtre à l'eau tiède",
         "Accord sur les dates de livraison", "Meilleur éclairage du parking", "Deux nouveaux abris à vélos",
         "Comparer la mesure avec le tableau", "Conserver une copie pendant {k} ans", "Formation de {n} bénévoles",
         "Accès aux fauteuils roulants", "Attendre que le voyant vert s'allume", "Mesurer deux fois la distance",
         "Files plus courtes à l'accueil", "Remboursement sous {k} jours", "Plans imprimés pour les visiteurs",
         "Commander des cartouches", "Inspecter le toit après les orages", "Échange de données avec {city}",
         "Dater chaque récipient", "Confirmer la réservation auprès de {name}", "Retirer les deux vis du bas",
         "Assurance du matériel prêté", "Fermer lentement la vanne", "Signaler les dégâts le jour même",
         "Horaires fixes en été", "Tenir le câble loin de la chaleur", "Demander le badge de visiteur")
ROWS = ("Salaires", "Matières premières", "Loyers", "Électricité", "Assurances", "Déplacements", "Publicité",
        "Amortissements", "Frais juridiques", "Licences", "Nettoyage", "Fret", "Emballages", "Intérêts",
        "Affranchissement", "Conseil", "Logiciels", "Réparations", "Carburant", "Restauration",
        "Impression", "Gardiennage", "Formation", "Téléphone")
COLUMNS = ("Poste", "Région", "Total", "Variation", "Part", "Prévu", "Réalisé", "Année précédente", "Unité", "Prix",
           "Code", "Quantité", "Prévision", "Écart", "Remarques", "Période")
PRODUCTS = ("Lampe de bureau", "Fauteuil", "Armoire à dossiers", "Tableau blanc", "Destructeur", "Portemanteau",
            "Horloge murale", "Bras d'écran", "Étiqueteuse", "Goulotte", "Repose-pieds", "Corbeille",
            "Panneau de liège", "Perforatrice", "Pèse-lettre", "Bac à courrier",
            "Support d'ordinateur", "Casque", "Rallonge", "Projecteur")
COLOURS = ("noir", "blanc", "gris", "hêtre", "noyer", "argent", "bleu")
CAPTIONS = ("Coûts d'exploitation par nature", "Livraisons par région", "Résultats de l'essai", "Nombre de visites",
            "Délai moyen en jours", "Mesures et seuils", "Budget et réalisation", "Réponses par tranche d'âge",
            "Stock en fin de période", "Consommation par bâtiment")
QUESTIONS = ("Comment changer d'adresse ?", "Quand le bureau est-il ouvert ?", "Puis-je rendre un article ?",
             "Combien coûte le service de base ?", "Qui répare un compteur en panne ?",
             "Quelle est la durée d'un billet ?", "Faut-il prendre rendez-vous ?", "Où puis-je stationner ?",
             "Existe-t-il un tarif étudiant ?", "Que se passe-t-il en cas de retard ?",
             "Comment mes données sont-elles conservées ?", "Puis-je amener un invité ?",
             "Quels documents faut-il fournir ?", "Comment résilier le contrat ?")
NOTES = ("Chiffres provisoires pour {year}.", "Voir le procès-verbal du {date}, point {k}.",
         "Arrondi au millier ; les totaux peuvent différer.", "Communication de {name}, {date}.",
         "Hors agence de {city}.", "D'après {n} formulaires remplis.", "Hors taxes.", "Série révisée en {year}.")
WORDS = {"table": "Tableau", "figure": "Figure", "page": "Page", "of": "sur", "total": "Total", "abstract": "Résumé",
         "references": "Références", "note": "Remarque", "contents": "Sommaire", "confidential": "Usage interne",
         "minutes": "Compte rendu de réunion", "date": "Date", "place": "Lieu", "chair": "Présidence",
         "present": "Présents", "absent": "Excusés", "time": "Heure", "actions": "Actions", "item": "Action",
         "responsible": "Responsable", "due": "Échéance", "price": "Prix", "code": "Code", "name": "Désignation",
         "continued": "suite", "keywords": "Mots-clés", "issue": "Numéro", "sincerely": "Cordialement,",
         "dear": "Bonjour {name},", "subtotal": "Sous-total", "income": "Produits", "expenses": "Charges",
         "assets": "Actif", "liabilities": "Passif", "result": "Résultat de l'exercice", "notes": "Notes",
         "thousand": "en milliers", "change": "Variation", "agenda": "Ordre du jour"}
