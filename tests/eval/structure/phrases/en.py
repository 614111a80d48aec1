"""English. A subject and a predicate make a sentence; leads stand before, tails behind."""

DECIMAL, GROUP = ".", ","
MONEY = "${m}"
MONTHS = ("January February March April May June July August September October November December").split()
DATE = "{month} {day}, {year}"
NAMES = ("Margaret Hale", "Tobias Finch", "Priya Raman", "Owen Carter", "Lucy Abbott", "Daniel Okoro", "Helen Marsh",
         "Samuel Whitby", "Grace Lindqvist", "Arthur Penrose", "Nadia Hussain", "Victor Lang")
CITIES = ("Leeds", "Bristol", "Norwich", "Cardiff", "Dundee", "Exeter", "Lincoln", "Durham", "Galway", "Chester")
FIRMS = ("Northgate Pumps", "Albion Freight", "Harrow Instruments", "Calder Valley Water", "Meridian Optics")
LEADS = ("In {year}", "By the end of {month}", "For the first time since {year}", "After a review of {n} files",
         "During the second quarter", "As agreed in {city}", "Between {month} and the close of the year",
         "Contrary to the forecast", "On the advice of {name}", "With support from {city}", "Since {date}",
         "Despite higher prices", "In a survey of {n} households", "According to the latest figures",
         "Following two delays", "As in earlier years")
SUBJECTS = ("the board", "the finance team", "the regional office", "the maintenance crew", "the working group",
            "the supplier", "the laboratory", "the audit committee", "the new plant", "the transport department",
            "the council", "our partner in {city}", "the training centre", "the research unit", "the warehouse",
            "the sales division", "a panel of experts", "the project office", "the customer service desk",
            "the northern branch", "the design studio", "the ministry", "the library", "the cooperative")
PREDICATES = ("approved the budget for {year}", "reduced its costs by {p} per cent", "opened {n} new positions",
              "published a report on water use", "replaced {n} of the older machines",
              "moved its records to a single archive", "met the target set in {year}", "trained {n} employees on site",
              "reported a loss of {m} thousand", "signed a contract with a firm from {city}",
              "collected {n} samples along the river", "cut the waiting time from {k} days to two",
              "asked for a second opinion before it went ahead", "checked every invoice above {m}",
              "found no evidence of a fault in the meter", "expanded storage to {n} square metres",
              "returned {n} forms that were incomplete", "set aside a reserve for repairs",
              "answered most questions within {k} working days", "postponed the decision until {month}",
              "recorded an increase of {p} per cent", "changed the schedule of deliveries",
              "tested the valve under a pressure of {k} bar", "compared the results with those of {year}",
              "kept the price of the basic service unchanged", "appointed {name} as coordinator",
              "closed the smaller of its two sites in {city}", "invited residents to comment on the draft")
TAILS = ("which was {p} per cent more than planned", "although the weather remained difficult",
         "and the effect was visible within weeks", "as the minutes of {date} show", "because demand was steady",
         "while the other regions saw little change", "so that work could resume in {month}",
         "without any additional staff", "even where access was limited", "and a follow-up is due in {month}",
         "as {name} explained", "which explains the gap in the series", "before the end of the term",
         "and no complaint was received")
HEADINGS = ("Introduction", "Scope and purpose", "Background", "Method", "Results", "Discussion", "Key figures",
            "Market and customers", "Staff and training", "Costs and savings", "Risks", "Energy and water",
            "Transport and logistics", "Quality assurance", "Data sources", "Supply chain", "Planned investment",
            "Outlook", "Safety at work", "Maintenance", "Public consultation", "Digital services", "Related work",
            "Storage and archives", "Regional offices", "Procurement", "Lessons learned", "Conclusions",
            "Funding", "Monitoring", "Open questions", "Next steps")
TITLES = ("Annual Review of Operations", "Water Supply in Growing Towns", "Report on Regional Logistics",
          "Improving Rural Bus Services", "Energy Use in Public Buildings", "Workshop Programme and Findings",
          "Service Quality Bulletin", "A Study of Seasonal Demand", "Facilities Handbook", "Community News")
ITEMS = ("Check the seals for cracks", "Note the serial number of the unit", "Send the signed form to the office",
         "Update of the emergency contacts", "Spare parts for the main pump", "Review of open invoices",
         "Switch off the supply before opening the cover", "Clean the filter with warm water",
         "Agreement on delivery dates", "Better lighting in the car park", "Two new bicycle stands",
         "Compare the reading with the table", "Keep a copy for at least {k} years", "Training for {n} volunteers",
         "Access for wheelchair users", "Wait until the green lamp is lit", "Measure the distance twice",
         "Shorter queues at the front desk", "A refund within {k} days", "Printed maps for visitors",
         "Order replacement cartridges", "Inspect the roof after heavy rain", "Exchange of data with {city}",
         "Label every container with the date", "Confirm the booking with {name}", "Remove the two lower screws",
         "Insurance for borrowed equipment", "Close the valve slowly", "Report damage on the same day",
         "Fixed opening hours in summer", "Store the cable away from heat", "Ask for the visitor badge")
ROWS = ("Wages and salaries", "Raw materials", "Rent", "Electricity", "Insurance", "Travel", "Marketing",
        "Depreciation", "Legal fees", "Licences", "Cleaning", "Freight", "Packaging", "Interest", "Postage",
        "Consulting", "Software", "Repairs", "Fuel", "Catering", "Printing", "Security", "Training", "Telephone")
COLUMNS = ("Item", "Region", "Total", "Change", "Share", "Plan", "Actual", "Previous year", "Unit", "Price", "Code",
           "Quantity", "Forecast", "Difference", "Remarks", "Period")
PRODUCTS = ("Desk lamp", "Office chair", "Filing cabinet", "Whiteboard", "Paper shredder", "Coat stand",
            "Wall clock", "Monitor arm", "Label printer", "Cable tray", "Footrest", "Waste bin", "Notice board",
            "Hole punch", "Letter scale", "Document tray", "Laptop stand", "Headset", "Extension lead", "Projector")
COLOURS = ("black", "white", "grey", "beech", "walnut", "silver", "blue")
CAPTIONS = ("Operating costs by type", "Deliveries per region", "Results of the field test", "Number of visits",
            "Average waiting time in days", "Measured values and limits", "Budget and actual figures",
            "Replies by age group", "Stock at the end of the period", "Consumption by building")
QUESTIONS = ("How do I change my address?", "When is the office open?", "Can I return a product?",
             "What does the basic service cost?", "Who repairs a broken meter?", "How long is a ticket valid?",
             "Do I need an appointment?", "Where can I park?", "Is there a discount for students?",
             "What happens if I miss a payment?", "How is my data stored?", "May I bring a guest?",
             "Which documents are required?", "How can I cancel the contract?")
NOTES = ("Figures for {year} are provisional.", "See the minutes of {date}, item {k}.",
         "Rounded to full thousands; totals may differ.", "Personal communication by {name}, {date}.",
         "Without the branch in {city}.", "Based on {n} completed forms.", "Excluding taxes and duties.",
         "The series was revised in {year}.")
WORDS = {"table": "Table", "figure": "Figure", "page": "Page", "of": "of", "total": "Total", "abstract": "Abstract",
         "references": "References", "note": "Note", "contents": "Contents", "confidential": "Internal use only",
         "minutes": "Minutes of the meeting", "date": "Date", "place": "Place", "chair": "Chair",
         "present": "Present", "absent": "Absent", "time": "Time", "actions": "Actions", "item": "Item",
         "responsible": "Responsible", "due": "Due", "price": "Price", "code": "Code", "name": "Name",
         "continued": "continued", "keywords": "Keywords", "issue": "Issue", "sincerely": "Yours sincerely,",
         "dear": "Dear {name},", "subtotal": "Subtotal", "income": "Income", "expenses": "Expenses",
         "assets": "Assets", "liabilities": "Liabilities", "result": "Result for the year", "notes": "Notes",
         "thousand": "in thousands", "change": "Change", "agenda": "Agenda"}
